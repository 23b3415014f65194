#include "run/train/bootstrap.h"
#include "run/train/coverage.h"

#include "failing_alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 400 };

/* Two classes of 300 and 100 images, of which 270 and 50 are found. */
static void fill(int *label, int *predicted)
{
    for (int i = 0; i < N; i++) {
        label[i] = i >= 300;
        predicted[i] = i < 300 ? i >= 270 : i < 350;
    }
}

/* Normal approximation of a share p of n: 1.96 x sqrt(p (1 - p) / n) to each side. 2,000 draws put
 * the ends within a few hundredths of that width. */
static void check(const struct bootstrap_interval *i, double figure, double deviation)
{
    assert_true(fabs(i->low - (figure - 1.96 * deviation)) < 0.2 * deviation);
    assert_true(fabs(i->high - (figure + 1.96 * deviation)) < 0.2 * deviation);
}

static void intervals_are_those_of_theory(void **state)
{
    (void)state;
    int label[N], predicted[N];
    struct bootstrap_intervals got;
    struct error err;
    fill(label, predicted);
    assert_int_equal(bootstrap_run(&got, label, predicted, N, 2, 7, &err), STATUS_OK);
    check(&got.accuracy, 0.8, sqrt(0.8 * 0.2 / N));
    /* Half the sum of the recalls 0.9 and 0.5, which are independent. */
    check(&got.balanced_accuracy, 0.7, sqrt(0.9 * 0.1 / 300 + 0.5 * 0.5 / 100) / 2);
    /* F1 of the classes: 540 / 620 and 100 / 180. */
    double f1 = (540.0 / 620 + 100.0 / 180) / 2;
    assert_true(got.macro_f1.low < f1 - 0.03 && got.macro_f1.low > f1 - 0.08);
    assert_true(got.macro_f1.high > f1 + 0.03 && got.macro_f1.high < f1 + 0.08);
}

static void the_seed_decides_every_bit(void **state)
{
    (void)state;
    int label[N], predicted[N];
    struct bootstrap_intervals a, b, c;
    struct error err;
    fill(label, predicted);
    assert_int_equal(bootstrap_run(&a, label, predicted, N, 2, 1, &err), STATUS_OK);
    assert_int_equal(bootstrap_run(&b, label, predicted, N, 2, 1, &err), STATUS_OK);
    assert_int_equal(bootstrap_run(&c, label, predicted, N, 2, 2, &err), STATUS_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
}

static void one_image_and_classes_that_never_occur_are_no_division_by_zero(void **state)
{
    (void)state;
    struct bootstrap_intervals got;
    struct error err;
    assert_int_equal(bootstrap_run(&got, (const int[]){2}, (const int[]){2}, 1, 5, 0, &err),
                     STATUS_OK);
    assert_true(got.accuracy.low == 1 && got.balanced_accuracy.high == 1 && got.macro_f1.low == 1);
    assert_int_equal(bootstrap_run(&got, (const int[]){2}, (const int[]){1}, 1, 5, 0, &err),
                     STATUS_OK);
    assert_true(got.accuracy.high == 0 && got.macro_f1.high == 0);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct bootstrap_intervals got;
    struct error failure = {0};
    FAILING_ALLOC_EACH(bootstrap_run(&got, (const int[]){0}, (const int[]){0}, 1, 2, 0, &failure),
                       &failure)
        ;
}

/* ---- run/train/coverage ---- */

static void images_count_for_every_limit_that_they_reach(void **state)
{
    (void)state;
    struct coverage c;
    coverage_begin(&c, 0.65);
    assert_int_equal(c.n, 9);
    assert_true(c.row[2].limit == 0.6 && c.row[3].limit == 0.65 && c.row[4].limit == 0.7);
    coverage_add(&c, 0.65, true);
    coverage_add(&c, 0.64, false);
    coverage_add(&c, 1, true);
    coverage_add(&c, 0.2, true);
    assert_int_equal(c.images, 4);
    static const int kept[] = {4, 3, 3, 2, 1, 1, 1, 1, 1}, correct[] = {3, 2, 2, 2, 1, 1, 1, 1, 1};
    for (int i = 0; i < 9; i++) {
        assert_int_equal(c.row[i].kept, kept[i]);
        assert_int_equal(c.row[i].correct, correct[i]);
    }
}

static void a_limit_stands_once_and_in_its_place(void **state)
{
    (void)state;
    struct coverage c;
    static const double limits[] = {0, 0.5, 0.99};
    for (int i = 0; i < 3; i++) {
        coverage_begin(&c, limits[i]);
        assert_int_equal(c.n, 8);
    }
    coverage_begin(&c, 1);
    assert_true(c.n == 9 && c.row[8].limit == 1);
    coverage_begin(&c, 0.1);
    assert_true(c.n == 9 && c.row[1].limit == 0.1);
    for (int i = 1; i < c.n; i++)
        assert_true(c.row[i].limit > c.row[i - 1].limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_those_of_theory),
        cmocka_unit_test(the_seed_decides_every_bit),
        cmocka_unit_test(one_image_and_classes_that_never_occur_are_no_division_by_zero),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
        cmocka_unit_test(images_count_for_every_limit_that_they_reach),
        cmocka_unit_test(a_limit_stands_once_and_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
