/* run/train/calibration: what it keeps of an evaluation. */
#include "run/train/calibration.h"

#include "failing_alloc.h"
#include "nn/temperature.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Two classes, sure of the first by `by`; every fourth image is of the second. */
static void fill(struct calibration *c, int n, float by)
{
    for (int i = 0; i < n; i++) {
        const float score[] = {by, 0};
        const struct evaluator_sample s = {.row = i, .label = i % 4 == 3, .score = score};
        calibration_add(c, &s);
    }
}

static void of_three_quarters_that_are_right_the_temperature_makes_confidence_so(void **state)
{
    (void)state;
    struct calibration c;
    struct error err;
    assert_int_equal(calibration_create(&c, 2, 80, &err), STATUS_OK);
    fill(&c, 80, 4);
    const struct evaluator_sample unknown = {.label = -1};
    calibration_add(&c, &unknown);
    assert_int_equal(c.n, 80);
    struct run_state_calibration f = calibration_finish(&c);
    assert_true(fabs(f.temperature - 4 / log(3)) < 1e-9); /* 1 / (1 + exp(-4 / t)) = 3 / 4 */
    assert_true(fabs(f.error - (1 / (1 + exp(-4)) - 0.75)) < 1e-9);
    assert_true(f.error_calibrated < 1e-9);
    calibration_reset(&c);
    assert_true(isnan(calibration_finish(&c).error));
    calibration_free(&c);
}

static void fewer_than_fifty_images_leave_the_temperature_at_1(void **state)
{
    (void)state;
    struct calibration c;
    struct error err;
    assert_int_equal(calibration_create(&c, 2, 60, &err), STATUS_OK);
    fill(&c, CALIBRATION_FEWEST - 1, 4);
    struct run_state_calibration f = calibration_finish(&c);
    assert_true(f.temperature == 1 && f.error > 0.2 && f.error == f.error_calibrated);
    fill(&c, 1, 4);
    assert_true(calibration_finish(&c).temperature > 2);
    calibration_free(&c);
}

static void of_very_many_scores_every_nth_image_is_kept(void **state)
{
    (void)state;
    enum { CLASSES = 1 << 21, IMAGES = 9 }; /* room for 4 of them: every third */
    struct calibration c;
    struct error err;
    assert_int_equal(calibration_create(&c, CLASSES, IMAGES, &err), STATUS_OK);
    static float score[CLASSES];
    for (int i = 0; i < IMAGES; i++) {
        const struct evaluator_sample s = {.label = i, .score = score};
        calibration_add(&c, &s);
    }
    assert_int_equal(c.n, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(c.label[i], 3 * i);
    assert_true(calibration_bytes(CLASSES, IMAGES) <= ((size_t)1 << 25) + 16);
    assert_true(calibration_bytes(10, 100) == 100 * 11 * 4);
    calibration_free(&c);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct calibration c;
    struct error failure = {0};
    FAILING_ALLOC_EACH(calibration_create(&c, 3, 10, &failure), &failure)
        assert_null(c.score);
    calibration_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_three_quarters_that_are_right_the_temperature_makes_confidence_so),
        cmocka_unit_test(fewer_than_fifty_images_leave_the_temperature_at_1),
        cmocka_unit_test(of_very_many_scores_every_nth_image_is_kept),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
