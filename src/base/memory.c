#include "base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void memory_start(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

enum status memory_alloc(void **out, size_t count, size_t size, const char *what, struct error *err)
{
    size_t bytes;
    *out = NULL;
    if (__builtin_mul_overflow(count, size, &bytes))
        return error_memory(err, SIZE_MAX, what);
    *out = calloc(bytes > 0 ? bytes : 1, 1);
    return *out ? STATUS_OK : error_memory(err, bytes, what);
}

enum status memory_grow(void **array, size_t *capacity, size_t needed, size_t element_size,
                        const char *what, struct error *err)
{
    if (needed <= *capacity)
        return STATUS_OK;
    size_t grown = *capacity + *capacity / 2, bytes;
    if (grown < needed) /* also when the sum wrapped around */
        grown = needed;
    if (__builtin_mul_overflow(grown, element_size, &bytes))
        return error_memory(err, SIZE_MAX, what);
    void *moved = realloc(*array, bytes > 0 ? bytes : 1);
    if (!moved)
        return error_memory(err, bytes, what);
    *array = moved;
    *capacity = grown;
    return STATUS_OK;
}

enum status memory_copy_string(char **out, const char *text, struct error *err)
{
    size_t size = strlen(text) + 1;
    *out = malloc(size);
    if (!*out)
        return error_memory(err, size, "a string");
    memcpy(*out, text, size);
    return STATUS_OK;
}
