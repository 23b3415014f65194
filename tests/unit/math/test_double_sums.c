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
    }
    assert_true(fabs(k->double_dot(a, b, n) - want) <= 1e-15 * size);
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

enum { ROWS = KERNELS_PRODUCT_ROWS, DEPTH = 21, MOST = 70, WIDTH = MOST + 3 };

/* a's rows side by side, as a classifier's outputs are, or each for itself. */
static void compare_product(const struct kernels *k, int n, int rows, const int *index,
                            bool is_turned)
{
    float *a = close_normal(DEPTH * ROWS), *b = close_normal(DEPTH * WIDTH),
          *out = close_filled(ROWS * WIDTH, 7);
    int depth = index ? 3 : DEPTH;
    struct kernels_product p = {
        .b = b,
        .index = index,
        .a_step = is_turned ? ROWS : 1,
        .b_row = WIDTH,
        .rows = rows,
        .depth = depth,
        .n = n
    };
    for (int r = 0; r < ROWS; r++) {
        p.a[r] = a + (is_turned ? r : r * DEPTH);
        p.out[r] = out + (ROWS - 1 - r) * WIDTH;
    }
    k->double_product(&p);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < WIDTH; c++) {
            double want = 0;
            for (int d = 0; d < depth; d++) {
                int i = index ? index[d] : d;
                want += (double)p.a[r][(size_t)i * p.a_step] * (double)b[i * WIDTH + c];
            }
            float got = p.out[r][c];
            if (r < rows && c < n)
                assert_true(fabs((double)got - want) <= 6e-8 * fabs(want) + 1e-14);
            else
                assert_true(got == 7);
        }
    free(a);
    free(b);
    free(out);
}

static void check_product(const struct kernels *k)
{
    static const int index[] = {1, 4, 20};
    for (int n = 1; n <= MOST; n++)
        for (int rows = 1; rows <= ROWS; rows++) {
            compare_product(k, n, rows, NULL, false);
            compare_product(k, n, rows, index, true);
        }
}

static void a_product_is_that_of_plain_loops_in_double(void **state)
{
    (void)state;
    levels_each(check_product, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_plain_loops_in_double),
        cmocka_unit_test(a_product_is_that_of_plain_loops_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
