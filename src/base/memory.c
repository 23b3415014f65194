#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

void *arena_take(struct arena *a, size_t count, size_t size)
{
    size_t bytes, end;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, MEMORY_ALIGNMENT - 1, &bytes) ||
        __builtin_add_overflow(a->used, bytes & ~(size_t)(MEMORY_ALIGNMENT - 1), &end)) {
        a->overflow = true;
        return NULL;
    }
    /* After the commit the caller repeats what it measured; anything else is a bug of the caller.
     */
    assert(!a->block || end <= a->peak);
    void *taken = a->block ? a->block + a->used : NULL;
    a->used = end;
    if (a->peak < end)
        a->peak = end;
    return taken;
}

void arena_release(struct arena *a, size_t mark)
{
    assert(mark <= a->used);
    a->used = mark;
}

enum status arena_commit(struct arena *a, const char *what, struct error *err)
{
    assert(!a->block);
    if (a->overflow)
        return error_memory(err, SIZE_MAX, what);
    size_t bytes = a->peak > 0 ? a->peak : MEMORY_ALIGNMENT;
    a->block = aligned_alloc(MEMORY_ALIGNMENT, bytes);
    if (!a->block)
        return error_memory(err, bytes, what);
    /* Touches every page: if the machine has not enough memory, that shows now and not mid-run. */
    memset(a->block, 0, bytes);
    a->used = 0;
    return STATUS_OK;
}

void arena_destroy(struct arena *a)
{
    free(a->block);
    *a = (struct arena){0};
}
