/* Writing. The header is printed into memory first, because its length comes before it. */
#include "io/safetensors.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "base/utf8.h"
#include "io/json_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    const char *key, *value;
};

/* What is to be written, in the file's order. */
struct content {
    const struct safetensors_entry **entry;
    size_t n_entries;
    struct pair *meta;
    size_t n_meta;
};

static int compare_names(const void *a, const void *b)
{
    const struct safetensors_entry *x = *(const struct safetensors_entry *const *)a;
    const struct safetensors_entry *y = *(const struct safetensors_entry *const *)b;
    return strcmp(x->name, y->name);
}

/* Larger items first, so that each tensor is aligned to its item when the buffer is. */
static int compare_places(const void *a, const void *b)
{
    const struct safetensors_entry *x = *(const struct safetensors_entry *const *)a;
    const struct safetensors_entry *y = *(const struct safetensors_entry *const *)b;
    size_t x_item = safetensors_item_bytes(x->dtype), y_item = safetensors_item_bytes(y->dtype);
    return x_item != y_item ? (x_item > y_item ? -1 : 1) : compare_names(a, b);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static enum status check_entry(const struct safetensors_entry *e, struct error *err)
{
    size_t expected;
    if (!utf8_valid(e->name) || strcmp(e->name, "__metadata__") == 0)
        return error_set(err, "\"%s\" cannot be the name of a tensor", e->name);
    if (e->n_dims < 0 || e->n_dims > SAFETENSORS_MAX_DIMS ||
        !safetensors_entry_bytes(&expected, e) || expected != e->n_bytes)
        return error_set(err, "tensor \"%s\": %zu bytes do not fit its type %s and shape", e->name,
                         e->n_bytes, e->dtype);
    return STATUS_OK;
}

static enum status sort_entries(struct content *c, struct error *err)
{
    qsort(c->entry, c->n_entries, sizeof *c->entry, compare_names);
    for (size_t i = 0; i < c->n_entries; i++) {
        if (i > 0 && strcmp(c->entry[i - 1]->name, c->entry[i]->name) == 0)
            return error_set(err, "tensor \"%s\" occurs twice", c->entry[i]->name);
        if (check_entry(c->entry[i], err) != STATUS_OK)
            return err->status;
    }
    qsort(c->entry, c->n_entries, sizeof *c->entry, compare_places);
    return STATUS_OK;
}

static enum status sort_metadata(struct content *c, struct error *err)
{
    qsort(c->meta, c->n_meta, sizeof *c->meta, compare_keys);
    for (size_t i = 0; i < c->n_meta; i++) {
        if (i > 0 && strcmp(c->meta[i - 1].key, c->meta[i].key) == 0)
            return error_set(err, "metadata \"%s\" occurs twice", c->meta[i].key);
        if (!utf8_valid(c->meta[i].key) || !utf8_valid(c->meta[i].value))
            return error_set(err, "metadata \"%s\" is not UTF-8 text", c->meta[i].key);
    }
    return STATUS_OK;
}

static void print_metadata(FILE *stream, const struct content *c)
{
    fputs("\"__metadata__\":{", stream);
    for (size_t i = 0; i < c->n_meta; i++) {
        fputs(i > 0 ? "," : "", stream);
        json_text_put(stream, c->meta[i].key);
        fputc(':', stream);
        json_text_put(stream, c->meta[i].value);
    }
    fputc('}', stream);
}

static void print_entry(FILE *stream, const struct safetensors_entry *e, size_t begin)
{
    json_text_put(stream, e->name);
    fprintf(stream, ":{\"dtype\":\"%s\",\"shape\":[", e->dtype);
    for (int i = 0; i < e->n_dims; i++)
        fprintf(stream, "%s%" PRId64, i > 0 ? "," : "", e->dim[i]);
    fprintf(stream, "],\"data_offsets\":[%zu,%zu]}", begin, begin + e->n_bytes);
}

/* *header is padded to a multiple of 8 bytes, so that the buffer behind it begins aligned. */
static enum status print_header(char **header, size_t *length, const struct content *c,
                                struct error *err)
{
    struct text_stream t;
    if (text_stream_open(&t, "the header", err) != STATUS_OK)
        return err->status;
    FILE *stream = t.stream;
    size_t begin = 0, n_members = 0;
    fputc('{', stream);
    if (c->n_meta > 0) {
        print_metadata(stream, c);
        n_members++;
    }
    for (size_t i = 0; i < c->n_entries; i++) {
        fputs(n_members++ > 0 ? "," : "", stream);
        print_entry(stream, c->entry[i], begin);
        begin += c->entry[i]->n_bytes;
    }
    fputc('}', stream);
    fflush(stream);
    fprintf(stream, "%*s", (int)(-t.size & 7), "");
    return text_stream_close(header, length, &t, "the header", err);
}

static enum status write_file(const char *path, const char *header, size_t length,
                              const struct content *c, struct error *err)
{
    struct files_writer w;
    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    /* The stream remembers a failed write until the commit, so nothing is checked here. */
    for (int i = 0; i < 8; i++)
        fputc((int)((uint64_t)length >> 8 * i & 0xFF), w.stream);
    fwrite(header, 1, length, w.stream);
    for (size_t i = 0; i < c->n_entries; i++)
        if (c->entry[i]->n_bytes > 0) /* an empty tensor's data may be NULL */
            fwrite(c->entry[i]->data, 1, c->entry[i]->n_bytes, w.stream);
    return files_commit(&w, err);
}

static enum status write_content(const char *path, struct content *c, struct error *err)
{
    char *header = NULL;
    size_t length = 0;
    if (sort_entries(c, err) != STATUS_OK || sort_metadata(c, err) != STATUS_OK ||
        print_header(&header, &length, c, err) != STATUS_OK)
        return error_prefix(err, "cannot write %s", path);
    enum status status = write_file(path, header, length, c, err);
    free(header);
    return status;
}

enum status safetensors_write(const char *path, const struct safetensors_entry *entry,
                              size_t n_entries, const char *const *meta_key,
                              const char *const *meta_value, size_t n_meta, struct error *err)
{
    struct content c = {.n_entries = n_entries, .n_meta = n_meta};
    enum status status = STATUS_FAILED; /* of memory, which err tells */
    c.entry = memory_array(n_entries, sizeof *c.entry, "the order of tensors", err);
    c.meta = memory_array(n_meta, sizeof *c.meta, "metadata", err);
    if (c.entry && c.meta) {
        for (size_t i = 0; i < n_entries; i++)
            c.entry[i] = &entry[i];
        for (size_t i = 0; i < n_meta; i++)
            c.meta[i] = (struct pair){meta_key[i], meta_value[i]};
        status = write_content(path, &c, err);
    }
    free(c.entry);
    free(c.meta);
    return status;
}
