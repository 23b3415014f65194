/* safetensors (huggingface/safetensors, format description in its README): 8-byte little-endian
 * header length, JSON header, then the buffer. Hostile files are normal: every size is checked
 * before use. JSON by jansson. */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAFETENSORS_MAX_DIMS 8

/* Tensors go to the disk and come from it as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors is little-endian");

struct safetensors_entry {
    const char *name;
    char dtype[8]; /* F64 F32 F16 BF16, I64 I32 I16 I8, U64 U32 U16 U8 or BOOL */
    int n_dims;    /* 0: a scalar */
    int64_t dim[SAFETENSORS_MAX_DIMS];
    const void *data; /* n_bytes, little-endian. Reader: inside a copy of the file, so *not
                         aligned*: memcpy out of it; NULL after safetensors_read_header. */
    size_t n_bytes;
    size_t begin; /* reader: where the data begins, counted from the end of the header */
};

struct safetensors {
    struct safetensors_entry *entry; /* sorted by name */
    size_t n_entries;
    const char **meta_key, **meta_value; /* __metadata__ */
    size_t n_meta;
    void *storage; /* owns all that the pointers above lead to */
};

/* Bytes of one item of that type, or 0 when the format knows no such type. */
size_t safetensors_item_bytes(const char *dtype);
/* False when dtype is not known, a dimension is negative or the product does not fit. */
bool safetensors_entry_bytes(size_t *n_bytes, const struct safetensors_entry *entry);

/* Reads the whole file into memory, once its header is known to be one. An entry whose type, shape
 * and span do not agree, spans that do not tile the buffer, names that occur twice and anything
 * else the format forbids is an error. */
enum status safetensors_read(struct safetensors *out, const char *path, struct error *err);
/* The header alone: what a file of any size says of itself, checked as above. A file of another
 * kind is named as what it looks like. */
enum status safetensors_read_header(struct safetensors *out, const char *path, struct error *err);
void safetensors_free(struct safetensors *file); /* a zeroed one is fine */
const struct safetensors_entry *safetensors_find(const struct safetensors *file,
                                                 const char *name);            /* or NULL */
const char *safetensors_meta(const struct safetensors *file, const char *key); /* or NULL */

/* Writes atomically (files_writer). Entries and metadata in any order; the file's order is: larger
 * item size first, then by name; header padded with spaces to 8. Same input, same bytes. Names and
 * metadata must be UTF-8, names differ, and n_bytes be what type and shape say: else an error. */
enum status safetensors_write(const char *path, const struct safetensors_entry *entry,
                              size_t n_entries, const char *const *meta_key,
                              const char *const *meta_value, size_t n_meta, struct error *err);

#endif
