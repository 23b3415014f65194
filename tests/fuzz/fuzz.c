#include "fuzz.h"

#include "base/parallel.h"
#include "run/files/model_file.h"

#include <string.h>
#include <unistd.h>

static char folder[64], path[128];

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
}

static FILE *create_file(const char *name)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%s/atk-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        FUZZ_MUST(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    FUZZ_MUST(f);
    return f;
}

const char *fuzz_file(const char *name, const void *bytes, size_t size)
{
    FILE *f = create_file(name);
    FUZZ_MUST(fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
    return path;
}

const char *fuzz_safetensors(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    uint64_t n_header = end ? (uint64_t)(end - data) : size;
    size_t n_data = end ? size - (size_t)n_header - 1 : 0;
    FILE *f = create_file("input.safetensors");
    FUZZ_MUST(fwrite(&n_header, 1, sizeof n_header, f) == sizeof n_header &&
              fwrite(data, 1, (size_t)n_header, f) == n_header &&
              fwrite(data + size - n_data, 1, n_data, f) == n_data && fclose(f) == 0);
    return path;
}

void fuzz_check_error(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    FUZZ_MUST(status == err->status);
    size_t length = strlen(err->message);
    FUZZ_MUST(length > 0 && length < sizeof err->message && !strchr(err->message, '\n'));
}

static const char network[] = "stem: [{width: 2, kernel: 3, stride: 2}]\n"
                              "block: basic\n"
                              "stages: [{blocks: 1, width: 4, stride: 2}]\n"
                              "norm: {kind: batch}\n";

struct model *fuzz_model(void)
{
    static struct model *model;
    struct model_spec spec;
    struct error err;

    if (model)
        return model;
    /* Weights that do not fit are compared with every network of models/: a second, untested here.
     */
    FUZZ_MUST(setenv("ATK_TRAIN_SHARE", "/dev/null", 1) == 0);
    const struct model_options options = {
        .classes = 3, .size = 16, .max_batch = 1, .training = true};
    FUZZ_MUST(parallel_start(1, &err) == STATUS_OK);
    FUZZ_MUST(model_file_parse(&spec, network, strlen(network), "network", &err) == STATUS_OK);
    FUZZ_MUST(model_create(&model, &spec, &options, &err) == STATUS_OK);
    model_init(model, 1);
    return model;
}
