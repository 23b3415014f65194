/* Runs a fuzz target over files: those that are named or else those of its corpus, found by the
 * program's name. TAP, one test; behind a crash the last line says of which file. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

static int is_file(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void replay(const char *path)
{
    printf("# %s\n", path);
    fflush(stdout);
    FILE *f = fopen(path, "rb");
    FUZZ_MUST(f && fseek(f, 0, SEEK_END) == 0);
    size_t size = (size_t)ftell(f);
    rewind(f);
    /* Of just that size: a byte beyond is the sanitizer's. */
    uint8_t *data = malloc(size ? size : 1);
    FUZZ_MUST(data && fread(data, 1, size, f) == size);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    char folder[256], path[512];

    printf("1..1\n");
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc > 1) {
        printf("ok 1 - %d files\n", argc - 1);
        return 0;
    }
    snprintf(folder, sizeof folder, "%s/%s", ATK_CORPUS, name ? name + 1 : argv[0]);
    struct dirent **file = NULL;
    int n = scandir(folder, &file, is_file, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, file[i]->d_name);
        replay(path);
        free(file[i]);
    }
    free(file);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%s 1 - %s: %d files\n", n > 0 ? "ok" : "not ok", folder, n);
    return n > 0 ? 0 : 1;
}
