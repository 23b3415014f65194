/* Sums in double beside plain ones, for lengths around the parts that are summed side by side. */
#include "math/levels.h"

#include <string.h>

static void compare(const struct kernels *k, int n)
{
    size_t length = (size_t)n;
    float *a = close_normal(length), *b = close_normal(length);
    double *sum = close_doubles(length), want = 0, size = 0;
    for (int i = 0; i < n; i++) {
        want += (double)a[i] * (double)b[i];
        size += fabs((double)a[i] * (double)b[i]);
        sum[i] = (double)b[i];
    }
    assert_true(fabs(k->double_dot(a, b, n) - want) <= 1e-15 * size);
    k->double_add(sum, a, 0.75, n - 1);
    for (int i = 0; i < n - 1; i++)
        assert_true(sum[i] == (double)b[i] + 0.75 * (double)a[i]);
    assert_true(sum[n - 1] == (double)b[n - 1]);
    float *grad = close_normal(length), *before = close_floats(length);
    memcpy(before, grad, length * sizeof *grad);
    memset(sum, 0, length * sizeof *sum);
    k->double_scale(sum, grad, a, b, n - 1);
    for (int i = 0; i < n - 1; i++) {
        assert_true(sum[i] == (double)a[i] * (double)before[i]);
        assert_true(grad[i] == before[i] * b[i]);
    }
    assert_true(sum[n - 1] == 0 && grad[n - 1] == before[n - 1]);
    void *all[] = {a, b, sum, grad, before};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void check(const struct kernels *k)
{
    for (int n = 1; n < 70; n++)
        compare(k, n);
    compare(k, 1280);
}

static void sums_are_those_of_plain_loops_in_double(void **state)
{
    (void)state;
    levels_each(check, 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_plain_loops_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
