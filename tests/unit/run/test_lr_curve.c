/* run/train/lr_curve on curves of which the answer is known. */
#include "run/train/lr_curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double rate_at(int step)
{
    return LR_CURVE_LOWEST *
           pow(LR_CURVE_HIGHEST / LR_CURVE_LOWEST, step / (double)(LR_CURVE_STEPS - 1));
}

/* From 2 down to 1 in a line over the logarithm of the rate between 1e-4 and 1e-2, flat to 1, then
 * rising; and a noise that is the same each time. */
static double valley(double rate, int step)
{
    double x = log10(rate);
    double fall = x < -4 ? 0 : x < -2 ? (x + 4) / 2 : 1;
    return 2 - fall + (x > 0 ? x : 0) + 0.2 * sin(step * 1.7);
}

static void the_suggestion_is_a_third_of_the_way_through_a_noisy_valley(void **state)
{
    (void)state;
    struct lr_curve c = {0};
    for (int step = 0; step < LR_CURVE_STEPS; step++)
        lr_curve_add(&c, rate_at(step), 7, valley(rate_at(step), step));
    lr_curve_smooth(&c);
    const struct lr_curve_suggestion s = lr_curve_suggest(&c);
    assert_false(c.diverged);
    /* Nine tenths of the fall are done at 10^-2.2, and undone at 10^0.1, of which the smoothing
     * over 0.85 of a factor of ten, at the knee, makes 10^0. The noise's mean is at most 0.01. */
    assert_true(fabs(log10(s.from) - -2.2) < 0.1);
    assert_true(fabs(log10(s.to)) < 0.1);
    assert_true(fabs(log10(s.learning_rate) - -2.2 * 2 / 3) < 0.1);
    assert_true(fabs(s.first - 2) < 0.02 && fabs(s.lowest - 1) < 0.02);
}

/* Learned by heart: the loss falls to the end. */
static void a_fall_without_end_is_not_followed_to_the_highest_rate(void **state)
{
    (void)state;
    struct lr_curve c = {0};
    for (int step = 0; step < LR_CURVE_STEPS; step++)
        lr_curve_add(&c, rate_at(step), 7, 2 / (1 + rate_at(step) / 1e-3));
    lr_curve_smooth(&c);
    const struct lr_curve_suggestion s = lr_curve_suggest(&c);
    assert_true(s.to == c.point[LR_CURVE_STEPS - 1].learning_rate);
    assert_true(s.from > 5e-3 && s.from < 2e-2); /* 9e-3 without smoothing */
    assert_true(s.learning_rate < 0.2);
}

static void smoothing_is_the_mean_of_the_neighbours_and_ends_count_those_they_have(void **state)
{
    (void)state;
    struct lr_curve c = {0};
    for (int step = 0; step < 100; step++)
        lr_curve_add(&c, rate_at(step), 0, 1 + step);
    assert_true(c.point[99].smoothed == 100); /* not yet */
    lr_curve_smooth(&c);
    assert_true(c.point[50].smoothed == 51); /* a line is its own mean */
    assert_true(c.point[0].smoothed == 16);  /* of 1 to 31 */
    assert_true(c.point[10].smoothed == 21); /* of 1 to 41 */
    assert_true(c.point[99].smoothed == 85); /* of 70 to 100 */
    assert_true(c.point[69].smoothed == 70); /* the last one with all its neighbours */
    assert_true(c.point[70].smoothed == 70.5);
}

static void a_loss_above_four_times_the_lowest_has_diverged(void **state)
{
    (void)state;
    struct lr_curve c = {0};
    for (int step = 0; step < 50; step++) {
        lr_curve_add(&c, rate_at(step), 2, 2);
        assert_false(c.diverged);
        assert_true(fabs(c.recent - 2) < 1e-12); /* from the first step on */
    }
    /* 2 + 0.05 * (100 - 2) = 6.9, then 2 + 0.0975 * 98 = 11.6: above 4 * 2. */
    lr_curve_add(&c, rate_at(50), 100, 100);
    assert_false(c.diverged);
    lr_curve_add(&c, rate_at(51), 100, 100);
    assert_true(c.diverged);
}

static void a_single_high_loss_at_the_start_does_not_end_the_test(void **state)
{
    (void)state;
    struct lr_curve c = {0};
    lr_curve_add(&c, rate_at(0), 1, 1);
    lr_curve_add(&c, rate_at(1), 3, 3);
    assert_false(c.diverged);
}

static void without_a_fall_there_is_no_suggestion(void **state)
{
    (void)state;
    for (int rising = 0; rising < 2; rising++) {
        struct lr_curve c = {0};
        for (int step = 0; step < 200; step++)
            lr_curve_add(&c, rate_at(step), 2, 2 + rising * 0.01 * step);
        lr_curve_smooth(&c);
        assert_true(isnan(lr_curve_suggest(&c).learning_rate));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suggestion_is_a_third_of_the_way_through_a_noisy_valley),
        cmocka_unit_test(a_fall_without_end_is_not_followed_to_the_highest_rate),
        cmocka_unit_test(smoothing_is_the_mean_of_the_neighbours_and_ends_count_those_they_have),
        cmocka_unit_test(a_loss_above_four_times_the_lowest_has_diverged),
        cmocka_unit_test(a_single_high_loss_at_the_start_does_not_end_the_test),
        cmocka_unit_test(without_a_fall_there_is_no_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
