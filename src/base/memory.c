#include "base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void memory_start(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void *memory_array(size_t count, size_t size, const char *what, struct error *err)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        error_memory(err, SIZE_MAX, what);
        return NULL;
    }
    void *array = calloc(bytes > 0 ? bytes : 1, 1);
    if (!array)
        error_memory(err, bytes, what);
    return array;
}

void *memory_grown(void *array, size_t *capacity, size_t needed, size_t element_size,
                   const char *what, struct error *err)
{
    if (array && needed <= *capacity)
        return array;
    size_t grown = *capacity + *capacity / 2, bytes;
    if (grown < needed) /* also when the sum wrapped around */
        grown = needed;
    if (__builtin_mul_overflow(grown, element_size, &bytes)) {
        error_memory(err, SIZE_MAX, what);
        return NULL;
    }
    void *moved = realloc(array, bytes > 0 ? bytes : 1);
    if (!moved) {
        error_memory(err, bytes, what);
        return NULL;
    }
    *capacity = grown;
    return moved;
}

char *memory_string(const char *text, struct error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (!copy) {
        error_memory(err, size, "a string");
        return NULL;
    }
    return memcpy(copy, text, size);
}
