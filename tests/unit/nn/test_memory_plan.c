#include "nn/memory_plan.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 12 };

struct array {
    size_t at, bytes;
};

static void assert_apart(const struct array *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (a[i].bytes > 0 && a[j].bytes > 0)
                assert_true(a[i].at >= a[j].at + a[j].bytes || a[j].at >= a[i].at + a[i].bytes);
}

static void assert_inside(const struct array *a, int n, size_t total)
{
    for (int i = 0; i < n; i++)
        assert_true(a[i].bytes == 0 || a[i].at + a[i].bytes <= total);
}

/* What is alive during each pass, and that nothing moves between two passes. */
static void assert_sound(const struct memory_plan_block *b, int n, int lowest, size_t total)
{
    for (int i = 0; i < n; i++) {
        const struct array alive[] = {{0, b[i].kept_end},
                                      {i > 0 ? b[i - 1].out_at : 0, i > 0 ? b[i - 1].out : 0},
                                      {b[i].out_at, b[i].out},
                                      {b[i].forward_scratch_at, b[i].forward_scratch}};
        assert_apart(alive, 4);
        assert_inside(alive, 4, total);
    }
    for (int i = n - 1; i >= lowest; i--) {
        const struct array alive[] = {{0, b[i].kept_end},
                                      {b[i].gradient_at[0], b[i].gradient_bytes[0]},
                                      {b[i].gradient_at[1], b[i].gradient_bytes[1]},
                                      {b[i].backward_scratch_at, b[i].backward_scratch}};
        assert_apart(alive, 4);
        assert_inside(alive, 4, total);
        for (int j = 0; j < 2; j++)
            assert_true(b[i].gradient_bytes[j] >= b[i].gradient[j]);
        if (i == lowest)
            continue;
        int returned = b[i].returns_in_g ? 0 : 1;
        assert_int_equal(b[i].gradient_bytes[returned], b[i - 1].gradient_bytes[0]);
        if (b[i - 1].gradient_bytes[0] > 0)
            assert_int_equal(b[i].gradient_at[returned], b[i - 1].gradient_at[0]);
    }
}

static void what_is_alive_at_once_lies_apart(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 0, RNG_TEST, 0, 0);
    for (int round = 0; round < 2000; round++) {
        struct memory_plan_block b[MOST] = {{0}};
        int n = 1 + (int)rng_below(&rng, MOST), lowest = (int)rng_below(&rng, (uint64_t)n + 1);
        size_t kept = 0;
        for (int i = 0; i < n; i++) {
            kept += 64 * rng_below(&rng, 20);
            b[i] = (struct memory_plan_block){
                .kept_end = kept,
                .out = 64 * rng_below(&rng, 5) * rng_below(&rng, 2),
                .gradient = {64 * rng_below(&rng, 10), 64 * rng_below(&rng, 10)},
                .returns_in_g = rng_below(&rng, 2),
                .forward_scratch = 64 * rng_below(&rng, 10),
                .backward_scratch = 64 * rng_below(&rng, 10)};
        }
        assert_sound(b, n, lowest, memory_plan_place(b, n, lowest));
    }
}

/* Block 0 is wide and block 1 keeps much: what the wide one works with fits where that lies. */
static void what_a_block_works_with_lies_where_blocks_above_it_keep_theirs(void **state)
{
    (void)state;
    struct memory_plan_block b[] = {
        {.kept_end = 100, .gradient = {300, 0}, .forward_scratch = 700, .backward_scratch = 400},
        {.kept_end = 1000, .gradient = {10, 300}, .forward_scratch = 50, .backward_scratch = 40}};
    assert_int_equal(memory_plan_place(b, 2, 0), 1000 + 10 + 300 + 40);
    assert_int_equal(b[0].forward_scratch_at, 100);
    assert_int_equal(b[0].backward_scratch_at, 100);
    assert_int_equal(b[1].forward_scratch_at, 1000);
    assert_int_equal(b[1].gradient_at[1], 1010);
    assert_int_equal(b[0].gradient_at[0], 1010);
    /* Nothing goes backward. */
    assert_int_equal(memory_plan_place(b, 2, 2), 1050);
}

static void more_than_can_be_counted_is_told(void **state)
{
    (void)state;
    struct memory_plan_block b[] = {{.kept_end = 64, .forward_scratch = SIZE_MAX - 10},
                                    {.kept_end = 128}};
    assert_true(memory_plan_place(b, 2, 0) == SIZE_MAX);
    b[0].forward_scratch = 0;
    b[1].gradient[1] = SIZE_MAX / 2 + 64;
    b[1].backward_scratch = SIZE_MAX / 2 + 64;
    assert_true(memory_plan_place(b, 2, 0) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_alive_at_once_lies_apart),
        cmocka_unit_test(what_a_block_works_with_lies_where_blocks_above_it_keep_theirs),
        cmocka_unit_test(more_than_can_be_counted_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
