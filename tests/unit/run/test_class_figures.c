#include "run/page/class_figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static const double close_to = 1e-6; /* probabilities are floats */

#define ASSERT_NEAR(a, b) assert_true(fabs((a) - (b)) < close_to)

/* Two classes; probability of class 1 is p[i]. */
enum { MOST = 300 };
static struct predictions make(const double *p, const int *label, int n)
{
    static float probability[2 * MOST];
    static int labels[MOST], predicted[MOST];

    for (int i = 0; i < n; i++) {
        probability[2 * i] = (float)(1 - p[i]);
        probability[2 * i + 1] = (float)p[i];
        predicted[i] = p[i] > 0.5;
        labels[i] = label[i];
    }
    return (struct predictions){
        .n = n, .classes = 2, .label = labels, .predicted = predicted, .probability = probability};
}

/* Class 1: 4 images, 3 of them found among 5 that were taken for it. */
static void precision_recall_and_f1_are_counted(void **state)
{
    const double p[] = {0.9, 0.8, 0.7, 0.1, 0.6, 0.9, 0.2};
    const int label[] = {1, 1, 1, 1, 0, 0, 0};
    const struct predictions all = make(p, label, 7);
    struct class_figures f[2];

    (void)state;
    class_figures_count(f, &all);
    assert_int_equal(f[1].support, 4);
    assert_int_equal(f[1].predicted, 5);
    assert_int_equal(f[1].correct, 3);
    ASSERT_NEAR(f[1].precision, 3.0 / 5);
    ASSERT_NEAR(f[1].recall, 3.0 / 4);
    ASSERT_NEAR(f[1].f1, 6.0 / 9);
    assert_int_equal(f[0].correct, 1);
}

static void a_class_without_images_has_no_figures(void **state)
{
    const double p[] = {0.1};
    const int label[] = {0};
    const struct predictions all = make(p, label, 1);
    struct class_figures f[2];
    struct class_figures_curve curve;
    int order[1];

    (void)state;
    class_figures_count(f, &all);
    assert_true(isnan(f[1].precision) && isnan(f[1].recall) && isnan(f[1].f1));
    class_figures_curve(&curve, &all, 1, order);
    assert_int_equal(curve.n, 0);
    assert_true(isnan(curve.average_precision));
}

/* The example in sklearn's documentation of average_precision_score: 0.83... */
static void average_precision_is_sklearns(void **state)
{
    const double p[] = {0.1, 0.4, 0.35, 0.8};
    const int label[] = {0, 0, 1, 1};
    const struct predictions all = make(p, label, 4);
    struct class_figures_curve curve;
    int order[4];

    (void)state;
    class_figures_curve(&curve, &all, 1, order);
    ASSERT_NEAR(curve.average_precision, 0.5 + 0.5 * 2 / 3);
    assert_int_equal(curve.n, 2);
    ASSERT_NEAR(curve.recall[0], 0.5);
    ASSERT_NEAR(curve.precision[0], 1);
    ASSERT_NEAR(curve.recall[1], 1);
    ASSERT_NEAR(curve.precision[1], 2.0 / 3);
}

/* All have the same: there is one threshold, whatever their order. */
static void images_of_equal_probability_are_found_together(void **state)
{
    const double p[] = {0.5, 0.5, 0.5, 0.5};
    const int label[] = {1, 0, 0, 0};
    const struct predictions all = make(p, label, 4);
    struct class_figures_curve curve;
    int order[4];

    (void)state;
    class_figures_curve(&curve, &all, 1, order);
    assert_int_equal(curve.n, 1);
    ASSERT_NEAR(curve.precision[0], 0.25);
    ASSERT_NEAR(curve.average_precision, 0.25);
}

static void a_long_curve_is_thinned_and_keeps_its_end_and_its_area(void **state)
{
    double p[MOST], area = 0;
    int label[MOST], order[MOST], found = 0;
    struct class_figures_curve curve;

    (void)state;
    for (int i = 0; i < MOST; i++) { /* two in three are of class 1 */
        p[i] = 1 - i / (double)MOST;
        label[i] = i % 3 != 0;
        found += label[i];
        area += label[i] ? (double)found / (i + 1) / 200 : 0;
    }
    const struct predictions all = make(p, label, MOST);
    class_figures_curve(&curve, &all, 1, order);
    assert_int_equal(curve.n, CLASS_FIGURES_CURVE_POINTS);
    ASSERT_NEAR(curve.recall[curve.n - 1], 1);
    ASSERT_NEAR(curve.average_precision, area);
    for (int i = 1; i < curve.n; i++)
        assert_true(curve.recall[i] > curve.recall[i - 1]);
}

/* Two images at 0.9, one right: |0.5 - 0.9|; two at 0.6, both right: |1 - 0.6|. */
static void calibration_is_the_mean_distance_of_the_bins(void **state)
{
    const double p[] = {0.9, 0.1, 0.6, 0.4};
    const int label[] = {1, 1, 1, 0};
    const struct predictions all = make(p, label, 4);
    struct class_figures_calibration c;

    (void)state;
    class_figures_calibrate(&c, &all);
    ASSERT_NEAR(c.ece, 0.4);
    assert_int_equal(c.images[13], 2); /* 0.9 is above 13/15 */
    ASSERT_NEAR(c.accuracy[13], 0.5);
    ASSERT_NEAR(c.confidence[13], 0.9);
    assert_true(isnan(c.accuracy[0]));
}

/* 8 of 10, as in many a textbook: 0.4902 to 0.9433. */
static void the_interval_is_wilsons(void **state)
{
    double low, high;

    (void)state;
    class_figures_interval(&low, &high, 0.8, 10);
    assert_true(fabs(low - 0.4902) < 5e-5);
    assert_true(fabs(high - 0.9433) < 5e-5);
    class_figures_interval(&low, &high, 1, 5);
    assert_true(low > 0.5 && high == 1);
    class_figures_interval(&low, &high, 0, 0);
    assert_true(low == 0 && high == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precision_recall_and_f1_are_counted),
        cmocka_unit_test(a_class_without_images_has_no_figures),
        cmocka_unit_test(average_precision_is_sklearns),
        cmocka_unit_test(images_of_equal_probability_are_found_together),
        cmocka_unit_test(a_long_curve_is_thinned_and_keeps_its_end_and_its_area),
        cmocka_unit_test(calibration_is_the_mean_distance_of_the_bins),
        cmocka_unit_test(the_interval_is_wilsons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
