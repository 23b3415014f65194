/* safetensors (huggingface/safetensors, format description in its README): 8-byte little-endian
 * header length, JSON header, then the buffer. Hostile files are normal: every size is checked
 * before use. JSON by jansson. */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SAFETENSORS_MAX_DIMS 8

struct safetensors_entry {
    char *name;
    char dtype[8]; /* "F32", "I64", "U8", ... */
    int n_dims;
    int64_t dim[SAFETENSORS_MAX_DIMS];
    const void *data; /* n_bytes; reader: inside the file's copy, unaligned, little-endian */
    size_t n_bytes;
};

struct safetensors {
    struct safetensors_entry *entry; /* sorted by name */
    size_t n_entries;
    char **meta_key, **meta_value; /* __metadata__ */
    size_t n_meta;
    void *storage;
};

enum status safetensors_read(struct safetensors *out, const char *path, struct error *err);
void safetensors_free(struct safetensors *file); /* a zeroed one is fine */
const struct safetensors_entry *safetensors_find(const struct safetensors *file,
                                                 const char *name);            /* or NULL */
const char *safetensors_meta(const struct safetensors *file, const char *key); /* or NULL */

/* Writes atomically (files_writer). Entries and metadata in any order; the file's order is: larger
 * item size first, then by name; header padded with spaces to 8. Same input, same bytes. */
enum status safetensors_write(const char *path, const struct safetensors_entry *entry,
                              size_t n_entries, const char *const *meta_key,
                              const char *const *meta_value, size_t n_meta, struct error *err);

#endif
