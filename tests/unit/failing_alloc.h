/* Makes one chosen allocation of the program under test fail. Every unit test is linked so that the
 * program's malloc, calloc, realloc and aligned_alloc come through here (libraries' own do not).
 *
 * For a function that creates something, the whole proof is
 *
 *     for (long n = 1;; n++) {
 *         failing_alloc_after(n);
 *         status = thing_create(&thing, ..., &err);
 *         long used = failing_alloc_count();
 *         failing_alloc_off();
 *         if (used < n) {                          // nothing was left to fail: all was tried
 *             assert_int_equal(status, STATUS_OK);
 *             break;
 *         }
 *         assert_int_equal(status, STATUS_FAILED); // the failure was not swallowed
 *         assert_non_null(strstr(err.message, "out of memory"));
 *     }
 *     thing_destroy(thing);                        // ASan: nothing leaked on the way
 */
#ifndef FAILING_ALLOC_H
#define FAILING_ALLOC_H

/* The n-th allocation from now on returns NULL (1: the next one); those before and after it work,
 * so that an error which somebody swallows shows as a success. In any thread. */
void failing_alloc_after(long n);
void failing_alloc_off(void);
/* Allocations asked for since failing_alloc_after(), the failing one included. */
long failing_alloc_count(void);

#endif
