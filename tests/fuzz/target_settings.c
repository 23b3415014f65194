/* The YAML file of --config. What it sets is written and read back to the same text. */
#include "fuzz.h"

#include "run/settings/settings_yaml.h"

#include <string.h>

static char *text_of(const struct settings *s, size_t *size)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, size);
    FUZZ_MUST(f);
    settings_yaml_write(s, f);
    FUZZ_MUST(fclose(f) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings a, b;
    struct error err;
    size_t n_first, n_second;

    FUZZ_MUST(settings_init(&a, &err) == STATUS_OK);
    enum status status = settings_yaml_read(&a, fuzz_file("config.yaml", data, size), &err);
    fuzz_check_error(status, &err);
    if (status == STATUS_OK) {
        fuzz_check_error(settings_check(&a, &err), &err);
        char *first = text_of(&a, &n_first);
        FUZZ_MUST(settings_init(&b, &err) == STATUS_OK);
        status = settings_yaml_read(&b, fuzz_file("args.yaml", first, n_first), &err);
        if (status != STATUS_OK)
            fprintf(stderr, "%s in:\n%s", err.message, first);
        FUZZ_MUST(status == STATUS_OK);
        char *second = text_of(&b, &n_second);
        FUZZ_MUST(n_first == n_second && memcmp(first, second, n_first) == 0);
        free(first);
        free(second);
        settings_free(&b);
    }
    settings_free(&a);
    return 0;
}
