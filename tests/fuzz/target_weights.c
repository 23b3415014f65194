/* A weights file (without its first eight bytes, see fuzz_safetensors): its metadata, its classes,
 * and its tensors in a network, whose weights are finite then. */
#include "fuzz.h"

#include "run/files/checkpoint.h"
#include "run/files/model_file.h"

#include <math.h>
#include <string.h>

static void read_metadata(const struct safetensors *file)
{
    struct checkpoint_metadata metadata = {0};
    struct model_spec spec;
    struct error err;
    enum status status = checkpoint_metadata_read(&metadata, file, "w", &err);

    fuzz_check_error(status, &err);
    if (status == STATUS_OK) {
        FUZZ_MUST(metadata.fit.size >= 1 && metadata.classes.n >= 1);
        for (int i = 0; i < 3; i++)
            FUZZ_MUST(isfinite(metadata.mean[i]) && metadata.std[i] > 0);
        status = model_file_parse(&spec, metadata.model, strlen(metadata.model), "w", &err);
        fuzz_check_error(status, &err);
    }
    checkpoint_metadata_free(&metadata);
}

static void load(const struct safetensors *file, const struct class_list *classes)
{
    struct param_list *params = model_params(fuzz_model());
    struct checkpoint_report report = {0};
    struct error err;
    enum status status = checkpoint_load(&report, params, file, "w", classes, &err);

    fuzz_check_error(status, &err);
    checkpoint_report_free(&report);
    for (size_t i = 0; i < params->n_all; i++)
        FUZZ_MUST(isfinite(params->all[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct safetensors file = {0};
    struct class_list classes = {0};
    struct error err;

    if (safetensors_read(&file, fuzz_safetensors(data, size), &err) == STATUS_OK) {
        read_metadata(&file);
        enum status status = checkpoint_classes(&classes, &file, "w", &err);
        fuzz_check_error(status, &err);
        load(&file, NULL);
        if (status == STATUS_OK && classes.n == 3)
            load(&file, &classes);
        class_list_free(&classes);
    }
    safetensors_free(&file);
    return 0;
}
