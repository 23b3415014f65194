#include "base/memory.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void an_allocation_is_zeroed_and_none_is_no_failure(void **state)
{
    (void)state;
    int *values;
    assert_int_equal(memory_alloc((void **)&values, 3, sizeof *values, "values", &err), STATUS_OK);
    assert_int_equal(values[0] | values[1] | values[2], 0);
    free(values);
    assert_int_equal(memory_alloc((void **)&values, 0, sizeof *values, "values", &err), STATUS_OK);
    assert_non_null(values);
    free(values);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    void *block = &err;
    assert_int_equal(memory_alloc(&block, SIZE_MAX / 2, 3, "the table", &err), STATUS_FAILED);
    assert_null(block);
    assert_string_equal(err.message, "out of memory: the size of the table does not fit in memory");
}

static void a_failing_allocation_names_size_and_purpose(void **state)
{
    (void)state;
    void *block = &err;
    char *copy;
    failing_alloc_after(1);
    assert_int_equal(memory_alloc(&block, 10, 4, "the table", &err), STATUS_FAILED);
    failing_alloc_off();
    assert_null(block);
    assert_string_equal(err.message, "out of memory: no 40 bytes for the table");

    failing_alloc_after(1);
    assert_int_equal(memory_copy_string(&copy, "text", &err), STATUS_FAILED);
    failing_alloc_off();
    assert_null(copy);
}

static void growing_keeps_the_elements_and_gets_half_again(void **state)
{
    (void)state;
    int *values = NULL;
    size_t capacity = 0;
    assert_int_equal(memory_grow((void **)&values, &capacity, 8, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 8);
    for (int i = 0; i < 8; i++)
        values[i] = i;
    assert_int_equal(memory_grow((void **)&values, &capacity, 9, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 12);
    assert_int_equal(values[7], 7);
    assert_int_equal(memory_grow((void **)&values, &capacity, 12, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 12);

    int *before = values;
    failing_alloc_after(1);
    assert_int_equal(memory_grow((void **)&values, &capacity, 13, sizeof *values, "values", &err),
                     STATUS_FAILED);
    failing_alloc_off();
    assert_ptr_equal(values, before);
    assert_int_equal(capacity, 12);
    assert_int_equal(
        memory_grow((void **)&values, &capacity, SIZE_MAX / 2, sizeof *values, "values", &err),
        STATUS_FAILED);
    free(values);
}

/* What a caller of an arena writes: the same steps, once to measure and once for real. */
static void take_all(struct arena *a, void *taken[4])
{
    taken[0] = arena_floats(a, 3); /* 12 bytes, which take 64 */
    taken[1] = arena_take(a, 65, 1);
    size_t mark = a->used;
    taken[2] = arena_take(a, 1000, 1);
    arena_release(a, mark);
    taken[3] = arena_take(a, 64, 1);
}

static void an_arena_measures_first_and_then_hands_out_the_same_places(void **state)
{
    (void)state;
    struct arena a = {0};
    void *taken[4];
    take_all(&a, taken);
    for (int i = 0; i < 4; i++)
        assert_null(taken[i]);
    assert_int_equal(a.used, 64 + 128 + 64);
    assert_int_equal(a.peak, 64 + 128 + 1024);

    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_OK);
    assert_int_equal(a.used, 0);
    take_all(&a, taken);
    unsigned char *block = a.block;
    assert_int_equal((uintptr_t)block % MEMORY_ALIGNMENT, 0);
    assert_ptr_equal(taken[0], block);
    assert_ptr_equal(taken[1], block + 64);
    assert_ptr_equal(taken[2], block + 192);
    assert_ptr_equal(taken[3], block + 192); /* after the release the place is used again */
    for (size_t i = 0; i < a.peak; i++)
        assert_int_equal(block[i], 0);
    assert_int_equal(a.peak, 64 + 128 + 1024);
    arena_destroy(&a);
    arena_destroy(&a);
}

static void an_empty_arena_commits(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_int_equal(arena_commit(&a, "nothing", &err), STATUS_OK);
    assert_non_null(arena_take(&a, 0, 4));
    arena_destroy(&a);
}

static void an_arena_that_overflowed_or_finds_no_memory_says_so_at_commit(void **state)
{
    (void)state;
    struct arena a = {0};
    arena_take(&a, SIZE_MAX / 2, 3);
    assert_int_equal(arena_commit(&a, "activations", &err), STATUS_FAILED);
    arena_destroy(&a);

    /* Each fits, their sum does not; nor does rounding up to 64. */
    arena_take(&a, SIZE_MAX / 2, 1);
    arena_take(&a, SIZE_MAX / 2, 1);
    arena_take(&a, SIZE_MAX / 2, 1);
    assert_int_equal(arena_commit(&a, "activations", &err), STATUS_FAILED);
    arena_destroy(&a);
    arena_take(&a, SIZE_MAX - 1, 1);
    assert_int_equal(arena_commit(&a, "activations", &err), STATUS_FAILED);
    arena_destroy(&a);

    arena_take(&a, 100, 1);
    failing_alloc_after(1);
    assert_int_equal(arena_commit(&a, "activations", &err), STATUS_FAILED);
    failing_alloc_off();
    assert_string_equal(err.message, "out of memory: no 128 bytes for activations");
    arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_zeroed_and_none_is_no_failure),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(a_failing_allocation_names_size_and_purpose),
        cmocka_unit_test(growing_keeps_the_elements_and_gets_half_again),
        cmocka_unit_test(an_arena_measures_first_and_then_hands_out_the_same_places),
        cmocka_unit_test(an_empty_arena_commits),
        cmocka_unit_test(an_arena_that_overflowed_or_finds_no_memory_says_so_at_commit),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
