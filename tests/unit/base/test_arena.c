#include "base/arena.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct error err;

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
        cmocka_unit_test(an_arena_measures_first_and_then_hands_out_the_same_places),
        cmocka_unit_test(an_empty_arena_commits),
        cmocka_unit_test(an_arena_that_overflowed_or_finds_no_memory_says_so_at_commit),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
