#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if ARENA_GAP
#include <sanitizer/asan_interface.h>
#define allow(place, bytes)  __asan_unpoison_memory_region(place, bytes)
#define forbid(place, bytes) __asan_poison_memory_region(place, bytes)
#else
#define allow(place, bytes)  ((void)0)
#define forbid(place, bytes) ((void)0)
#endif

/* Where the first array of an arena that measures is shown to be. */
#define NO_MEMORY ((unsigned char *)MEMORY_ALIGNMENT)

enum { HUGE_PAGE = 2 << 20, LARGE = 32 << 20 };

void *arena_take(struct arena *a, size_t count, size_t size)
{
    size_t bytes, room, end;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, ARENA_GAP + MEMORY_ALIGNMENT - 1, &room) ||
        __builtin_add_overflow(a->used, room & ~(size_t)(MEMORY_ALIGNMENT - 1), &end)) {
        a->overflow = true;
        return NULL;
    }
    /* After the commit the caller repeats what it measured; anything else is a bug of the caller.
     */
    assert(!a->block || end <= a->peak);
    unsigned char *first = a->block ? a->block : a->shows_addresses ? NO_MEMORY : NULL;
    void *taken = first ? first + a->used : NULL;
    if (a->block)
        allow(taken, bytes);
    a->used = end;
    if (a->peak < end)
        a->peak = end;
    return taken;
}

void arena_release(struct arena *a, size_t mark)
{
    assert(mark <= a->used);
    if (a->block)
        forbid(a->block + mark, a->used - mark);
    a->used = mark;
}

/* Sweeps over hundreds of MiB in pages of 4 KiB wait for address translation. A wish: where the
 * kernel does not grant it, nothing changes. Smaller blocks may lie on malloc's heap, where what
 * comes after them would take whole huge pages too. */
static void ask_for_huge_pages(void *block, size_t bytes)
{
    uintptr_t first = ((uintptr_t)block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)block + bytes) / HUGE_PAGE * HUGE_PAGE;
    if (first < end)
        madvise((void *)first, end - first, MADV_HUGEPAGE);
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
    if (bytes > LARGE)
        ask_for_huge_pages(a->block, bytes);
    /* Touches every page: if the machine has not enough memory, that shows now and not mid-run. */
    memset(a->block, 0, bytes);
    forbid(a->block, bytes);
    a->used = 0;
    return STATUS_OK;
}

void arena_reserve(struct arena *a, size_t bytes)
{
    assert(!a->block);
    if (bytes > SIZE_MAX - MEMORY_ALIGNMENT)
        a->overflow = true;
    else if (a->peak < bytes)
        a->peak = bytes;
}

struct arena arena_window(const struct arena *a, size_t at, size_t bytes)
{
    assert(a->block && at % MEMORY_ALIGNMENT == 0 && bytes % MEMORY_ALIGNMENT == 0);
    assert(at <= a->peak && bytes <= a->peak - at);
    if (ARENA_GAP > 0) {
        allow(a->block + at, bytes);
        memset(a->block + at, 0xFF, bytes);
    }
    forbid(a->block + at, bytes);
    return (struct arena){.block = a->block + at, .peak = bytes};
}

void arena_destroy(struct arena *a)
{
    if (a->block)
        allow(a->block, a->peak);
    free(a->block);
    *a = (struct arena){0};
}
