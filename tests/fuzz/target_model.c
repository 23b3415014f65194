/* A model file. A network that is accepted can be summed up, and its text is read back to the same
 * text. */
#include "fuzz.h"

#include "base/parallel.h"
#include "run/files/model_file.h"

#include <string.h>

static void summarise(const struct model_spec *spec)
{
    const struct model_options options = {
        .classes = 10, .size = 64, .max_batch = 2, .training = true};
    struct model_summary summary = {0};
    struct error err;

    fuzz_model(); /* starts the threads */
    enum status status = model_summarise(&summary, spec, &options, &err);
    fuzz_check_error(status, &err);
    if (status == STATUS_OK)
        FUZZ_MUST(summary.parameters > 0 && summary.multiply_adds > 0);
    model_summary_free(&summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model_spec a, b;
    struct error err;
    char *first = NULL, *second = NULL;
    enum status status = model_file_parse(&a, (const char *)data, size, "a.yaml", &err);

    fuzz_check_error(status, &err);
    if (status != STATUS_OK)
        return 0;
    summarise(&a);
    FUZZ_MUST(model_file_text(&first, &a, &err) == STATUS_OK);
    FUZZ_MUST(model_file_parse(&b, first, strlen(first), "b.yaml", &err) == STATUS_OK);
    FUZZ_MUST(model_file_text(&second, &b, &err) == STATUS_OK);
    FUZZ_MUST(strcmp(first, second) == 0);
    free(first);
    free(second);
    return 0;
}
