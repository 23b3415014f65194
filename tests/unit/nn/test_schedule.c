/* nn/schedule beside PyTorch's schedulers (scripts/make_optimiser_golden.py), and by hand. */
#include "nn/schedule.h"

#include "io/safetensors.h"
#include "math/close.h"

#include <string.h>

enum { STEPS = 24 }; /* as many as the golden file has */

static void assert_is_pytorchs(const char *name, const struct schedule *s, int n)
{
    struct safetensors golden;
    struct error err;
    double want[STEPS];
    assert_int_equal(safetensors_read(&golden, "tests/golden/nn/optimiser.safetensors", &err),
                     STATUS_OK);
    const struct safetensors_entry *e = safetensors_find(&golden, name);
    assert_non_null(e);
    assert_int_equal(e->n_bytes, sizeof want);
    memcpy(want, e->data, sizeof want);
    safetensors_free(&golden);
    /* PyTorch goes from step to step and so gathers roundings; the closed form does not. */
    for (int step = 0; step < n; step++)
        assert_true(fabs(schedule_learning_rate(s, step) - want[step]) <= 1e-14);
}

static void cosine_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_COSINE, .base = 0.02, .low = 0.001, .total = STEPS};
    assert_is_pytorchs("schedule/cosine", &s, STEPS);
}

static void poly_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_POLY, .base = 0.02, .total = STEPS, .power = 0.9};
    assert_is_pytorchs("schedule/poly", &s, STEPS);
}

static void step_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_STEP,
                               .base = 0.02,
                               .total = STEPS,
                               .gamma = 0.2,
                               .drop = {6, 15},
                               .n_drops = 2};
    assert_is_pytorchs("schedule/step", &s, STEPS);
}

static void warmup_is_that_of_pytorch_and_then_constant(void **state)
{
    (void)state;
    const struct schedule s = {
        .kind = SCHEDULE_CONSTANT, .base = 0.02, .warmup = 5, .total = STEPS};
    assert_is_pytorchs("schedule/warmup", &s, STEPS);
}

static void behind_the_warmup_a_schedule_begins_at_its_top_and_nears_its_low(void **state)
{
    (void)state;
    struct schedule s = {.base = 1, .low = 0.5, .warmup = 4, .total = 12, .power = 1};
    static const enum schedule_kind kind[] = {SCHEDULE_COSINE, SCHEDULE_POLY};
    for (int i = 0; i < 2; i++) {
        s.kind = kind[i];
        assert_true(schedule_learning_rate(&s, 0) == 0.25); /* warm-up knows no low */
        assert_true(schedule_learning_rate(&s, 3) == 1);
        assert_true(schedule_learning_rate(&s, 4) == 1);
        assert_true(fabs(schedule_learning_rate(&s, 8) - 0.75) < 1e-15); /* half way */
        assert_true(schedule_learning_rate(&s, 11) > 0.5);
        assert_true(schedule_learning_rate(&s, 12) == 0.5);
        assert_true(schedule_learning_rate(&s, 1000) == 0.5);
    }
}

static void steps_do_not_drop_below_the_low(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_STEP,
                               .base = 1,
                               .low = 0.05,
                               .warmup = 2,
                               .total = 10,
                               .gamma = 0.1,
                               .drop = {4, 6},
                               .n_drops = 2};
    static const double want[] = {0.5, 1, 1, 1, 0.1, 0.1, 0.05, 0.05};
    for (int step = 0; step < 8; step++)
        assert_true(fabs(schedule_learning_rate(&s, step) - want[step]) < 1e-15);
}

static void a_run_that_is_all_warmup_has_no_division_by_zero(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_COSINE, .base = 1, .warmup = 3, .total = 3};
    assert_true(schedule_learning_rate(&s, 2) == 1);
    assert_true(schedule_learning_rate(&s, 3) == 0);
}

static void growth_is_by_a_constant_factor_from_low_to_base(void **state)
{
    (void)state;
    const struct schedule s = {.kind = SCHEDULE_GROWTH, .base = 10, .low = 1e-5, .total = 7};
    for (int step = 0; step < 7; step++)
        assert_true(fabs(schedule_learning_rate(&s, step) / pow(10, step - 5) - 1) < 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosine_is_that_of_pytorch),
        cmocka_unit_test(poly_is_that_of_pytorch),
        cmocka_unit_test(step_is_that_of_pytorch),
        cmocka_unit_test(warmup_is_that_of_pytorch_and_then_constant),
        cmocka_unit_test(behind_the_warmup_a_schedule_begins_at_its_top_and_nears_its_low),
        cmocka_unit_test(steps_do_not_drop_below_the_low),
        cmocka_unit_test(a_run_that_is_all_warmup_has_no_division_by_zero),
        cmocka_unit_test(growth_is_by_a_constant_factor_from_low_to_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
