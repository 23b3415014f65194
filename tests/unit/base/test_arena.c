#include "base/arena.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#if ARENA_GAP
#include <sanitizer/asan_interface.h>
#endif

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
    const size_t gap = ARENA_GAP;
    assert_int_equal(a.used, 64 + gap + 128 + gap + 64 + gap);
    assert_int_equal(a.peak, 64 + gap + 128 + gap + 1024 + gap);

    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_OK);
    assert_int_equal(a.used, 0);
    take_all(&a, taken);
    unsigned char *block = a.block;
    assert_int_equal((uintptr_t)block % MEMORY_ALIGNMENT, 0);
    assert_ptr_equal(taken[0], block);
    assert_ptr_equal(taken[1], block + 64 + gap);
    assert_ptr_equal(taken[2], block + 192 + 2 * gap);
    assert_ptr_equal(taken[3], taken[2]); /* after the release the place is used again */
    for (size_t i = 0; i < 65; i++)
        assert_int_equal(((unsigned char *)taken[1])[i], 0);
    assert_int_equal(a.peak, 64 + gap + 128 + gap + 1024 + gap);
    arena_destroy(&a);
    arena_destroy(&a);
}

#if ARENA_GAP
static bool is_poisoned(const void *place)
{
    return __asan_address_is_poisoned(place) != 0;
}

/* Before, behind and between the arrays, and in what was given back. */
static void under_asan_one_float_too_many_is_seen(void **state)
{
    (void)state;
    struct arena a = {0};
    void *taken[4];
    take_all(&a, taken);
    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_OK);
    assert_true(is_poisoned(a.block));
    take_all(&a, taken);
    const float *floats = taken[0];
    assert_false(is_poisoned(floats + 2));
    assert_true(is_poisoned(floats + 3));
    const unsigned char *bytes = taken[1];
    assert_true(is_poisoned(bytes - 1));
    assert_false(is_poisoned(bytes + 64));
    assert_true(is_poisoned(bytes + 65));
    bytes = taken[3]; /* where 1000 bytes were before */
    assert_false(is_poisoned(bytes + 63));
    assert_true(is_poisoned(bytes + 64));
    assert_true(is_poisoned(bytes + 999));
    arena_destroy(&a);
}

static void a_full_line_has_a_gap_behind_it_too(void **state)
{
    (void)state;
    struct arena a = {0};
    arena_take(&a, 64, 1);
    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_OK);
    const unsigned char *bytes = arena_take(&a, 64, 1);
    assert_false(is_poisoned(bytes + 63));
    assert_true(is_poisoned(bytes + 64));
    arena_destroy(&a);
}
#endif

static void an_empty_arena_commits(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_int_equal(arena_commit(&a, "nothing", &err), STATUS_OK);
    arena_destroy(&a);
    assert_null(arena_take(&a, 0, 4));
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
    char expected[100];
    snprintf(expected, sizeof expected, "out of memory: no %d bytes for activations",
             128 + ARENA_GAP);
    assert_string_equal(err.message, expected);
    arena_destroy(&a);
}

static void a_window_is_an_arena_over_a_part_of_another(void **state)
{
    (void)state;
    struct arena a = {0};
    arena_floats(&a, 16);
    arena_reserve(&a, 4 * 64);
    arena_reserve(&a, 64); /* less than there is changes nothing */
    assert_int_equal(a.peak, 4 * 64);
    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_OK);
    struct arena window = arena_window(&a, 128, 128);
    unsigned char *bytes = arena_take(&window, 128 - ARENA_GAP, 1);
    assert_ptr_equal(bytes, a.block + 128);
    assert_int_equal(window.used, 128);
#if ARENA_GAP
    assert_false(is_poisoned(bytes + 127 - ARENA_GAP));
    assert_true(is_poisoned(bytes + 128 - ARENA_GAP));
    arena_window(&a, 128, 64);
    assert_true(is_poisoned(bytes));
#endif
    arena_destroy(&a);
    arena_reserve(&a, SIZE_MAX);
    assert_int_equal(arena_commit(&a, "workspace", &err), STATUS_FAILED);
    arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_measures_first_and_then_hands_out_the_same_places),
#if ARENA_GAP
        cmocka_unit_test(under_asan_one_float_too_many_is_seen),
        cmocka_unit_test(a_full_line_has_a_gap_behind_it_too),
#endif
        cmocka_unit_test(an_empty_arena_commits),
        cmocka_unit_test(a_window_is_an_arena_over_a_part_of_another),
        cmocka_unit_test(an_arena_that_overflowed_or_finds_no_memory_says_so_at_commit),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
