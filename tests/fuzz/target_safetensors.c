/* safetensors, the whole file. What is accepted can be written and read back. */
#include "fuzz.h"

#include "io/safetensors.h"

#include <string.h>

static void check_entries(const struct safetensors *file)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct safetensors_entry *e = &file->entry[i];
        size_t n_bytes;
        FUZZ_MUST(safetensors_entry_bytes(&n_bytes, e) && n_bytes == e->n_bytes);
        uint8_t sum = 0; /* every byte may be read */
        for (size_t j = 0; j < e->n_bytes; j++)
            sum = (uint8_t)(sum + ((const uint8_t *)e->data)[j]);
        (void)sum;
    }
}

static void write_and_read(const struct safetensors *file)
{
    struct safetensors again = {0};
    struct error err;
    const char *path = fuzz_file("again.safetensors", "", 0);

    enum status status =
        safetensors_write(path, file->entry, file->n_entries, (const char *const *)file->meta_key,
                          (const char *const *)file->meta_value, file->n_meta, &err);
    fuzz_check_error(status, &err);
    FUZZ_MUST(status == STATUS_OK && safetensors_read(&again, path, &err) == STATUS_OK);
    FUZZ_MUST(again.n_entries == file->n_entries && again.n_meta == file->n_meta);
    for (size_t i = 0; i < file->n_entries; i++)
        FUZZ_MUST(strcmp(again.entry[i].name, file->entry[i].name) == 0 &&
                  again.entry[i].n_bytes == file->entry[i].n_bytes);
    safetensors_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct safetensors file = {0}, header = {0};
    struct error err;
    const char *path = fuzz_file("input.safetensors", data, size);

    enum status status = safetensors_read_header(&header, path, &err);
    fuzz_check_error(status, &err);
    safetensors_free(&header);
    FUZZ_MUST(safetensors_read(&file, path, &err) == status);
    fuzz_check_error(status, &err);
    if (status == STATUS_OK) {
        check_entries(&file);
        write_and_read(&file);
    }
    safetensors_free(&file);
    return 0;
}
