/* The file of --class-weights, as YAML and as CSV: what is accepted has a weight above 0 for each
 * class. */
#include "fuzz.h"

#include "run/train/class_weights.h"

#include <math.h>

static void find(const char *path)
{
    static char cat[] = "cat", dog[] = "dog";
    static char *name[] = {cat, dog};
    const struct class_list classes = {name, 2};
    const int count[] = {1, 3};
    float *weight = NULL;
    struct error err;
    enum status status = class_weights_find(&weight, path, &classes, count, &err);

    fuzz_check_error(status, &err);
    for (int i = 0; status == STATUS_OK && i < 2; i++)
        FUZZ_MUST(isfinite(weight[i]) && weight[i] > 0);
    free(weight);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    find(fuzz_file("weights.yaml", data, size));
    find(fuzz_file("weights.csv", data, size));
    return 0;
}
