#include "run/page/compare_page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Standard deviation 1, so half the interval is 4.3027 / sqrt(3). */
static void the_interval_of_three_values_is_students(void **state)
{
    const double value[] = {1, NAN, 2, 3};
    const struct compare_page_mean m = compare_page_mean(value, 4);

    (void)state;
    assert_int_equal(m.used, 3);
    assert_true(m.mean == 2);
    assert_true(fabs(m.high - 2 - 4.3027 / sqrt(3)) < 1e-9);
    assert_true(fabs(2 - m.low - 4.3027 / sqrt(3)) < 1e-9);
}

static void one_value_has_no_interval_and_none_no_mean(void **state)
{
    const double value[] = {5, NAN};
    struct compare_page_mean m = compare_page_mean(value, 2);

    (void)state;
    assert_true(m.used == 1 && m.mean == 5 && isnan(m.low) && isnan(m.high));
    m = compare_page_mean(value + 1, 1);
    assert_true(m.used == 0 && isnan(m.mean));
}

/* 41 values of +-1 about 0 and a 0: 40 degrees of freedom, whose point is 2.0211. */
static void beyond_the_table_the_point_is_computed(void **state)
{
    double value[41] = {0};

    (void)state;
    for (int i = 0; i < 40; i++)
        value[i] = i % 2 ? 1 : -1;
    const struct compare_page_mean m = compare_page_mean(value, 41);
    assert_true(fabs(m.high - 2.0211 / sqrt(41)) < 2e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_of_three_values_is_students),
        cmocka_unit_test(one_value_has_no_interval_and_none_no_mean),
        cmocka_unit_test(beyond_the_table_the_point_is_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
