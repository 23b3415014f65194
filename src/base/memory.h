/* Checked allocation; brings base/arena.h along, where the large arrays come from.
 *
 * All allocation in the program goes through malloc, calloc, realloc or aligned_alloc (strdup and
 * its kin are spelled memory_string), so that tests can make the n-th one fail.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Once, as a program begins: freed blocks of 1 MiB and more go back to the system at once. Left
 * alone, glibc keeps the second such block, and what is allocated beside it decides whether there
 * is room for the next: the peak then differs from what --dry-run says by a copy of the weights. */
void memory_start(void);

/* These return memory that the caller frees with free(); NULL: err says why.
 *
 * count x size zeroed bytes; the product is checked. count 0 gives a valid unique pointer. */
void *memory_array(size_t count, size_t size, const char *what, struct error *err);
/* `array` (NULL or from here) moved to where at least `needed` elements of element_size fit, if
 * they do not yet; *capacity follows. Grows by half again at least. On failure `array` is as it
 * was. New elements are not zeroed. */
void *memory_grown(void *array, size_t *capacity, size_t needed, size_t element_size,
                   const char *what, struct error *err);
char *memory_string(const char *text, struct error *err);

#endif
