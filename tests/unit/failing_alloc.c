/* The linker's --wrap=malloc turns calls of malloc into __wrap_malloc, and __real_malloc into
 * malloc. A realloc counts as an allocation, also when it shrinks. */
#include "failing_alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static atomic_long asked, failing; /* failing: number of the one that fails; 0 is none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void failing_alloc_after(long n)
{
    atomic_store(&asked, 0);
    atomic_store(&failing, n);
}

void failing_alloc_off(void)
{
    atomic_store(&failing, 0);
}

long failing_alloc_count(void)
{
    return atomic_load(&asked);
}

bool failing_alloc_failed(long n, enum status status, const struct error *err)
{
    bool reached = failing_alloc_count() >= n;
    failing_alloc_off();
    assert_int_equal(status, reached ? STATUS_FAILED : STATUS_OK);
    if (reached)
        assert_non_null(strstr(err->message, "out of memory"));
    return reached;
}

static bool fails(void)
{
    long number = atomic_fetch_add(&asked, 1) + 1;
    if (number != atomic_load(&failing))
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}
