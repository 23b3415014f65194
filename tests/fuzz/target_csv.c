/* A table of images and labels, read as one with a header and as one of atk-predict without. */
#include "fuzz.h"

#include "data/dataset.h"

static void load(const char *path, bool header, char delimiter, bool labels_optional)
{
    const struct dataset_options options = {.image_column = "image",
                                            .label_column = "label",
                                            .header = header,
                                            .delimiter = delimiter,
                                            .labels_optional = labels_optional};
    struct dataset *d = NULL;
    struct error err;
    enum status status = dataset_load(&d, path, &options, &err);

    fuzz_check_error(status, &err);
    if (status == STATUS_OK) {
        int n_classes = dataset_classes(d)->n;
        FUZZ_MUST(dataset_images(d) <= dataset_size(d));
        for (int i = 0; i < dataset_size(d); i++) {
            const struct sample *s = dataset_sample(d, i);
            FUZZ_MUST(s->label >= (labels_optional ? -1 : 0) && s->label < n_classes);
        }
    }
    dataset_destroy(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("table.csv", data, size);
    load(path, true, ',', false);
    load(path, false, ';', true);
    return 0;
}
