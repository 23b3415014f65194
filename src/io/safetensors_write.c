/* Writing. The header is built as a JSON tree and printed with sorted keys; the order of the data
 * is what data_offsets say. */
#include "io/safetensors.h"

#include "base/files.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Larger items first, so that each tensor is aligned to its item when the buffer is. */
static int compare_entries(const void *a, const void *b)
{
    const struct safetensors_entry *x = *(const struct safetensors_entry *const *)a;
    const struct safetensors_entry *y = *(const struct safetensors_entry *const *)b;
    size_t x_item = safetensors_item_bytes(x->dtype), y_item = safetensors_item_bytes(y->dtype);
    return x_item != y_item ? (x_item > y_item ? -1 : 1) : strcmp(x->name, y->name);
}

/* Sets a new key of object; takes the value over, which is NULL when it could not be made. */
static enum status put_new(json_t *object, const char *key, json_t *value, const char *what,
                           struct error *err)
{
    if (json_object_get(object, key)) {
        json_decref(value);
        return error_set(err, "%s \"%s\" occurs twice", what, key);
    }
    if (!value || json_object_set_new(object, key, value) != 0)
        return error_set(err, "%s \"%s\" is not UTF-8 text, or there is no memory for it", what,
                         key);
    return STATUS_OK;
}

static enum status put_metadata(json_t *header, const char *const *key, const char *const *value,
                                size_t n, struct error *err)
{
    json_t *metadata = json_object();
    enum status status = put_new(header, "__metadata__", metadata, "metadata", err);
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        status = put_new(metadata, key[i], json_string(value[i]), "metadata", err);
    return status;
}

static enum status put_entry(json_t *header, size_t *end, const struct safetensors_entry *e,
                             struct error *err)
{
    size_t expected;
    if (strcmp(e->name, "__metadata__") == 0)
        return error_set(err, "a tensor cannot have the name __metadata__");
    if (e->n_dims < 0 || e->n_dims > SAFETENSORS_MAX_DIMS ||
        !safetensors_entry_bytes(&expected, e) || expected != e->n_bytes)
        return error_set(err, "tensor \"%s\": its %zu bytes do not fit its type %s and shape",
                         e->name, e->n_bytes, e->dtype);
    json_t *shape = json_array();
    for (int i = 0; i < e->n_dims; i++)
        json_array_append_new(shape, json_integer(e->dim[i]));
    size_t begin = *end;
    *end += e->n_bytes;
    json_t *tensor = json_pack("{s:s, s:o, s:[I, I]}", "dtype", e->dtype, "shape", shape,
                               "data_offsets", (json_int_t)begin, (json_int_t)*end);
    return put_new(header, e->name, tensor, "tensor", err);
}

/* *header = the JSON text for entries in that order; the caller frees it with free(). */
static enum status make_header(char **header, const struct safetensors_entry *const *order,
                               size_t n_entries, const char *const *meta_key,
                               const char *const *meta_value, size_t n_meta, struct error *err)
{
    json_t *root = json_object();
    size_t end = 0;
    enum status status = STATUS_OK;
    if (n_meta > 0)
        status = put_metadata(root, meta_key, meta_value, n_meta, err);
    for (size_t i = 0; i < n_entries && status == STATUS_OK; i++)
        status = put_entry(root, &end, order[i], err);
    if (status == STATUS_OK) {
        *header = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
        if (!*header)
            status = error_set(err, "out of memory: no room for the header");
    }
    json_decref(root);
    return status;
}

/* The stream remembers a failed write until the commit, so nothing is checked here. */
static void write_parts(FILE *stream, const char *header,
                        const struct safetensors_entry *const *order, size_t n_entries)
{
    size_t length = strlen(header), padded = (length + 7) / 8 * 8;
    for (int i = 0; i < 8; i++)
        fputc((int)((uint64_t)padded >> 8 * i & 0xFF), stream);
    fprintf(stream, "%s%*s", header, (int)(padded - length), "");
    for (size_t i = 0; i < n_entries; i++)
        if (order[i]->n_bytes > 0) /* an empty tensor's data may be NULL */
            fwrite(order[i]->data, 1, order[i]->n_bytes, stream);
}

static enum status write_file(const char *path, const char *header,
                              const struct safetensors_entry *const *order, size_t n_entries,
                              struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path, err);
    if (status != STATUS_OK)
        return status;
    write_parts(w.stream, header, order, n_entries);
    return files_commit(&w, err);
}

enum status safetensors_write(const char *path, const struct safetensors_entry *entry,
                              size_t n_entries, const char *const *meta_key,
                              const char *const *meta_value, size_t n_meta, struct error *err)
{
    const struct safetensors_entry **order;
    char *header = NULL;
    enum status status =
        memory_alloc((void **)&order, n_entries, sizeof *order, "the order of tensors", err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < n_entries; i++)
        order[i] = &entry[i];
    qsort(order, n_entries, sizeof *order, compare_entries);
    status = make_header(&header, order, n_entries, meta_key, meta_value, n_meta, err);
    if (status != STATUS_OK)
        error_prefix(err, "cannot write %s", path);
    else
        status = write_file(path, header, order, n_entries, err);
    free(header);
    free(order);
    return status;
}
