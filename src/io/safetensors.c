/* Reading. The parsed JSON stays alive in the storage and owns the names. Nothing of the header is
 * believed: types of values, ranges, products and the tiling of the buffer are each checked. */
#include "io/safetensors.h"

#include "base/files.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8, MAX_HEADER_BYTES = 100000000 };

struct storage {
    uint8_t *tensors; /* the file from the end of the header on */
    json_t *header;
};

/* The part of the file behind the header, and what messages need. */
struct buffer {
    size_t size;
    const char *path;
};

size_t safetensors_item_bytes(const char *dtype)
{
    static const struct {
        const char *name;
        size_t bytes;
    } type[] = {{"F64", 8},  {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4}, {"U32", 4}, {"F16", 2},
                {"BF16", 2}, {"I16", 2}, {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
    for (size_t i = 0; i < sizeof type / sizeof type[0]; i++)
        if (strcmp(type[i].name, dtype) == 0)
            return type[i].bytes;
    return 0;
}

bool safetensors_entry_bytes(size_t *n_bytes, const struct safetensors_entry *entry)
{
    *n_bytes = safetensors_item_bytes(entry->dtype);
    if (*n_bytes == 0)
        return false;
    for (int i = 0; i < entry->n_dims; i++)
        if (entry->dim[i] < 0 || __builtin_mul_overflow(*n_bytes, entry->dim[i], n_bytes))
            return false;
    return true;
}

static enum status tensor_error(const struct buffer *b, const struct safetensors_entry *e,
                                const char *problem, struct error *err)
{
    return error_set(err, "%s: tensor \"%s\": %s", b->path, e->name, problem);
}

static enum status read_dtype_and_shape(struct safetensors_entry *e, const struct buffer *b,
                                        const json_t *tensor, struct error *err)
{
    const char *dtype = json_string_value(json_object_get(tensor, "dtype"));
    if (!dtype || safetensors_item_bytes(dtype) == 0)
        return error_set(err, "%s: tensor \"%s\": its dtype \"%s\" is not one of the format",
                         b->path, e->name, dtype ? dtype : "");
    memcpy(e->dtype, dtype, strlen(dtype) + 1);

    const json_t *shape = json_object_get(tensor, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > SAFETENSORS_MAX_DIMS)
        return error_set(err, "%s: tensor \"%s\": its shape is not a list of at most %d numbers",
                         b->path, e->name, SAFETENSORS_MAX_DIMS);
    e->n_dims = (int)json_array_size(shape);
    for (int i = 0; i < e->n_dims; i++) {
        const json_t *dim = json_array_get(shape, (size_t)i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return tensor_error(b, e, "a dimension is not a whole number of 0 or more", err);
        e->dim[i] = json_integer_value(dim);
    }
    return STATUS_OK;
}

static enum status read_span(struct safetensors_entry *e, const struct buffer *b,
                             const json_t *tensor, struct error *err)
{
    const json_t *offsets = json_object_get(tensor, "data_offsets");
    const json_t *from = json_array_get(offsets, 0), *to = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(from) || !json_is_integer(to))
        return tensor_error(b, e, "its data_offsets are not two whole numbers", err);
    json_int_t begin = json_integer_value(from), end = json_integer_value(to);
    if (begin < 0 || end < begin || (uint64_t)end > b->size)
        return error_set(err, "%s: tensor \"%s\": data_offsets %lld..%lld are not in 0..%zu",
                         b->path, e->name, (long long)begin, (long long)end, b->size);
    size_t expected;
    if (!safetensors_entry_bytes(&expected, e) || expected != (size_t)(end - begin))
        return tensor_error(b, e, "its shape and type do not fit its data_offsets", err);
    e->begin = (size_t)begin;
    e->n_bytes = expected;
    return STATUS_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct safetensors_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes);
}

static int compare_names(const void *a, const void *b)
{
    const struct safetensors_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* No byte of the buffer may belong to no tensor or to two. */
static enum status check_tiling(struct safetensors *out, const struct buffer *b, struct error *err)
{
    size_t at = 0;
    if (out->n_entries > 0)
        qsort(out->entry, out->n_entries, sizeof *out->entry, compare_places);
    for (size_t i = 0; i < out->n_entries; i++) {
        const struct safetensors_entry *e = &out->entry[i];
        if (e->begin != at)
            return tensor_error(b, e, at > e->begin ? "it overlaps another" : "a gap precedes it",
                                err);
        at += e->n_bytes;
    }
    size_t rest = b->size - at;
    if (rest > 0)
        return error_set(err, "%s: the last %zu bytes belong to no tensor", b->path, rest);
    if (out->n_entries > 0)
        qsort(out->entry, out->n_entries, sizeof *out->entry, compare_names);
    return STATUS_OK;
}

static enum status read_metadata(struct safetensors *out, const struct buffer *b, json_t *metadata,
                                 struct error *err)
{
    if (!json_is_object(metadata))
        return error_set(err, "%s: __metadata__ is not an object", b->path);
    size_t n = json_object_size(metadata);
    out->meta_key = memory_array(n, sizeof *out->meta_key, "metadata", err);
    out->meta_value = memory_array(n, sizeof *out->meta_value, "metadata", err);
    if (!out->meta_key || !out->meta_value)
        return err->status;

    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return error_set(err, "%s: metadata \"%s\" is not a string", b->path, key);
        out->meta_key[out->n_meta] = key;
        out->meta_value[out->n_meta++] = json_string_value(value);
    }
    return STATUS_OK;
}

static enum status read_entry(struct safetensors *out, const struct buffer *b, const char *name,
                              const json_t *tensor, struct error *err)
{
    struct safetensors_entry *e = &out->entry[out->n_entries++];
    e->name = name;
    if (read_dtype_and_shape(e, b, tensor, err) != STATUS_OK)
        return err->status;
    return read_span(e, b, tensor, err);
}

static enum status read_members(struct safetensors *out, const struct buffer *b, json_t *header,
                                struct error *err)
{
    size_t n = json_object_size(header);
    out->entry = memory_array(n, sizeof *out->entry, "the table of tensors", err);
    if (!out->entry)
        return err->status;
    const char *key;
    json_t *value;
    json_object_foreach(header, key, value)
    {
        enum status status = strcmp(key, "__metadata__") == 0 ? read_metadata(out, b, value, err)
                                                              : read_entry(out, b, key, value, err);
        if (status != STATUS_OK)
            return status;
    }
    return check_tiling(out, b, err);
}

static uint64_t little_endian_64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* What the first bytes of a file that is no safetensors show, and what can be done with it; NULL:
 * nothing known. */
static const char *other_kind(const uint8_t first[LENGTH_BYTES + 1])
{
    static const struct {
        const char *magic;
        size_t n;
        const char *kind;
    } known[] = {
        {"PK\3\4", 4, "a zip archive, as torch.save writes it: atk-convert-weights reads that"},
        {"\x80\2", 2, "a pickle (.pth, .pdparams): atk-convert-weights reads that"},
        {"\x80\3", 2, "a pickle (.pth, .pdparams): atk-convert-weights reads that"},
        {"\x80\4", 2, "a pickle (.pth, .pdparams): atk-convert-weights reads that"},
        {"\x89HDF", 4, "an HDF5 file, as Keras writes it"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(first, known[i].magic, known[i].n) == 0)
            return known[i].kind;
    return NULL;
}

/* The 8 bytes of length and the first of the header: what is another file costs no more to read. */
static enum status read_length(size_t *length, int fd, size_t size, const char *path,
                               struct error *err)
{
    uint8_t first[LENGTH_BYTES + 1];
    if (size < LENGTH_BYTES + 2)
        return error_set(err, "%s: %zu bytes are too few for a safetensors file", path, size);
    if (files_read_part(first, fd, 0, sizeof first, path, err) != STATUS_OK)
        return err->status;
    uint64_t stated = little_endian_64(first);
    if (stated <= MAX_HEADER_BYTES && stated <= size - LENGTH_BYTES && first[LENGTH_BYTES] == '{') {
        *length = (size_t)stated;
        return STATUS_OK;
    }
    const char *kind = other_kind(first);
    if (kind)
        return error_set(err, "%s is not a safetensors file, but %s", path, kind);
    return error_set(err, "%s is not a safetensors file, or is cut short", path);
}

static enum status read_header(struct safetensors *out, int fd, size_t length,
                               const struct buffer *b, struct error *err)
{
    struct storage *storage = out->storage;
    char *text = memory_array(length, 1, "the header of a safetensors file", err);
    if (!text)
        return error_prefix(err, "%s", b->path);
    enum status status = files_read_part(text, fd, LENGTH_BYTES, length, b->path, err);
    json_error_t problem;
    if (status == STATUS_OK) {
        storage->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
        if (!storage->header)
            status = error_set(err, "%s: wrong header: %s at its byte %d", b->path, problem.text,
                               problem.position);
    }
    free(text);
    return status == STATUS_OK ? read_members(out, b, storage->header, err) : status;
}

static enum status read_tensors(struct safetensors *out, int fd, size_t length,
                                const struct buffer *b, struct error *err)
{
    struct storage *storage = out->storage;
    storage->tensors = memory_array(b->size, 1, "the tensors of a safetensors file", err);
    if (!storage->tensors)
        return error_prefix(err, "%s", b->path);
    if (files_read_part(storage->tensors, fd, LENGTH_BYTES + length, b->size, b->path, err) !=
        STATUS_OK)
        return err->status;
    for (size_t i = 0; i < out->n_entries; i++)
        out->entry[i].data = storage->tensors + out->entry[i].begin;
    return STATUS_OK;
}

static enum status read_open(struct safetensors *out, int fd, size_t size, const char *path,
                             bool header_alone, struct error *err)
{
    size_t length = 0;
    if (read_length(&length, fd, size, path, err) != STATUS_OK)
        return err->status;
    const struct buffer buffer = {.size = size - LENGTH_BYTES - length, .path = path};
    if (read_header(out, fd, length, &buffer, err) != STATUS_OK)
        return err->status;
    return header_alone ? STATUS_OK : read_tensors(out, fd, length, &buffer, err);
}

static enum status read_path(struct safetensors *out, const char *path, bool header_alone,
                             struct error *err)
{
    int fd;
    size_t size;
    *out = (struct safetensors){0};
    struct storage *storage = memory_array(1, sizeof *storage, "a safetensors file", err);
    if (!storage)
        return err->status;
    out->storage = storage;
    enum status status = files_open_regular(&fd, &size, path, err);
    if (status == STATUS_OK) {
        status = read_open(out, fd, size, path, header_alone, err);
        close(fd);
    }
    if (status != STATUS_OK)
        safetensors_free(out);
    return status;
}

enum status safetensors_read(struct safetensors *out, const char *path, struct error *err)
{
    return read_path(out, path, false, err);
}

enum status safetensors_read_header(struct safetensors *out, const char *path, struct error *err)
{
    return read_path(out, path, true, err);
}

void safetensors_free(struct safetensors *file)
{
    struct storage *storage = file->storage;
    if (storage) {
        json_decref(storage->header);
        free(storage->tensors);
        free(storage);
    }
    free(file->entry);
    free(file->meta_key);
    free(file->meta_value);
    *file = (struct safetensors){0};
}

const struct safetensors_entry *safetensors_find(const struct safetensors *file, const char *name)
{
    if (file->n_entries == 0)
        return NULL;
    struct safetensors_entry key = {.name = name};
    return bsearch(&key, file->entry, file->n_entries, sizeof *file->entry, compare_names);
}

const char *safetensors_meta(const struct safetensors *file, const char *key)
{
    for (size_t i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta_key[i], key) == 0)
            return file->meta_value[i];
    return NULL;
}
