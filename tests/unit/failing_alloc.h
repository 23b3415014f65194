/* Makes one chosen allocation of the program under test fail. Every unit test is linked so that the
 * program's malloc, calloc, realloc and aligned_alloc come through here (libraries' own do not).
 */
#ifndef FAILING_ALLOC_H
#define FAILING_ALLOC_H

#include "base/error.h"

#include <stdbool.h>

/* The whole proof for a function that creates something. `call`, an expression of enum status that
 * writes *err, is evaluated with its first allocation failing, then its second, and so on until
 * none is left to fail. Each failure must be told (STATUS_FAILED, "out of memory"), and the body
 * then looks at what it left behind; what the last call, which succeeded, made is there after the
 * loop.
 *
 *     FAILING_ALLOC_EACH(thing_create(&thing, &err), &err)
 *         assert_null(thing);
 *     thing_destroy(thing);        // ASan: nothing leaked on the way
 */
#define FAILING_ALLOC_EACH(call, err)                                                              \
    for (long nth_ = 1; failing_alloc_after(nth_), failing_alloc_failed(nth_, (call), (err));      \
         nth_++)

/* The n-th allocation from now on returns NULL (1: the next one); those before and after it work,
 * so that an error which somebody swallows shows as a success. In any thread. */
void failing_alloc_after(long n);
void failing_alloc_off(void);
/* Allocations asked for since failing_alloc_after(), the failing one included. */
long failing_alloc_count(void);
/* For the macro: whether the n-th was reached. Asserts that the status says the same. */
bool failing_alloc_failed(long n, enum status status, const struct error *err);

#endif
