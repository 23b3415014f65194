/* Resident memory grows by what is touched, not by what is asked for. */
#include "base/resident_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static void memory_counts_once_it_is_touched(void **state)
{
    const size_t size = (size_t)64 << 20, other = (size_t)4 << 20; /* other: whatever else moves */
    (void)state;
    if (resident_memory_bytes() == 0)
        skip(); /* no /proc */
    char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(block != MAP_FAILED);
    size_t before = resident_memory_bytes();
    memset(block, 1, size / 2);
    size_t grown = resident_memory_bytes() - before;
    assert_in_range(grown, size / 2 - other, size / 2 + other);
    munmap(block, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_counts_once_it_is_touched)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
