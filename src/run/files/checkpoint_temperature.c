/* A temperature that was found later, for a weights file that is there. */
#include "base/memory.h"
#include "run/files/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status write_again(const char *path, const struct safetensors *file, double temperature,
                               struct error *err)
{
    static const char own[] = "temperature";
    char text[32];
    size_t n = 0;
    const char **key = memory_array(2 * (file->n_meta + 1), sizeof *key, "metadata", err);
    if (!key)
        return err->status;
    const char **value = key + file->n_meta + 1;
    for (size_t i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta_key[i], own) != 0) {
            key[n] = file->meta_key[i];
            value[n++] = file->meta_value[i];
        }
    snprintf(text, sizeof text, "%.9g", temperature);
    if (temperature != 1) {
        key[n] = own;
        value[n++] = text;
    }
    enum status status = safetensors_write(path, file->entry, file->n_entries, key, value, n, err);
    free(key);
    return status;
}

enum status checkpoint_set_temperature(const char *path, double temperature, struct error *err)
{
    struct safetensors file = {0};
    enum status status = safetensors_read(&file, path, err);
    if (status == STATUS_OK)
        status = write_again(path, &file, temperature, err);
    safetensors_free(&file);
    return status;
}
