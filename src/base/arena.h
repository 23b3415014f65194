/* Arenas: one allocation for a family of arrays. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define MEMORY_ALIGNMENT 64 /* a cache line; also the widest vector register */

/* Under AddressSanitizer each array has a gap behind it that nobody may touch, as has the rest of
 * its last cache line: an overrun by one float is reported. In other builds there is no gap. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_GAP 64
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GAP 64
#endif
#endif
#ifndef ARENA_GAP
#define ARENA_GAP 0
#endif

/* An arena hands out 64-byte aligned arrays from one block, in the manner of a stack.
 *
 * Laid out twice by the same code: a fresh arena measures (every pointer it hands out is NULL, only
 * `used` and `peak` move); arena_commit() then allocates `peak` bytes and starts over, and the same
 * sequence of arena_take() calls gets real memory. So the size is planned by the code that uses it,
 * and --dry-run can print it without allocating. */
struct arena {
    unsigned char *block; /* NULL while measuring */
    size_t used, peak;    /* bytes */
    bool overflow;        /* a size did not fit in size_t; arena_commit() then fails */
    /* While it measures it hands out, in place of NULL, addresses that differ from each other and
     * must not be read or written: for code that asks whether two arrays are the same. */
    bool shows_addresses;
};

void *arena_take(struct arena *a, size_t count,
                 size_t size); /* zeroed at commit; NULL while measuring */
static inline float *arena_floats(struct arena *a, size_t count)
{
    return (float *)arena_take(a, count, sizeof(float));
}
/* Gives back everything taken since `mark` (a former value of a->used). */
void arena_release(struct arena *a, size_t mark);
enum status arena_commit(struct arena *a, const char *what, struct error *err);
/* Before the commit: at least so many bytes, for windows behind or in place of what is taken. */
void arena_reserve(struct arena *a, size_t bytes);
/* Of a committed arena: `bytes` from `at` on, both multiples of MEMORY_ALIGNMENT, as an arena of
 * its own. What lay there is no longer to be read (under AddressSanitizer it is NaN); the window is
 * not to be destroyed. */
struct arena arena_window(const struct arena *a, size_t at, size_t bytes);
static inline bool arena_measures(const struct arena *a)
{
    return !a->block;
}
void arena_destroy(struct arena *a); /* a zeroed arena is fine */

#endif
