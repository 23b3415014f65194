/* The sweeps of a normalisation, at every processor level, beside their double-precision twins. */
#include "math/levels.h"

#include <string.h>

/* One shape of activations: [pixels, channels]. */
struct shape {
    size_t pixels;
    int channels;
};
/* Below, at and above whole 16s; below, at and above whole blocks of 64 pixels. */
static const struct shape SHAPES[] = {{1, 1},   {2, 3},    {63, 5},   {64, 16},
                                      {65, 17}, {200, 33}, {131, 48}, {1000, 8}};
#define N_SHAPES (sizeof SHAPES / sizeof SHAPES[0])

static void compare_moments(const struct kernels *k, double mean, double deviation,
                            double tolerance)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        const struct shape s = SHAPES[i];
        size_t n = s.pixels * s.channels;
        float *z = close_normal_around(n, mean, deviation);
        double *got_mean = close_doubles(s.channels), *got_m2 = close_doubles(s.channels);
        k->norm_moments(got_mean, got_m2, z, s.pixels, s.channels);
        for (int c = 0; c < s.channels; c++) {
            double sum = 0, m2 = 0;
            for (size_t p = 0; p < s.pixels; p++)
                sum += z[p * s.channels + c];
            sum /= (double)s.pixels;
            for (size_t p = 0; p < s.pixels; p++)
                m2 += pow(z[p * s.channels + c] - sum, 2);
            assert_true(fabs(got_mean[c] - sum) <= tolerance * deviation);
            assert_true(fabs(got_m2[c] - m2) <= tolerance * m2);
        }
        free(z);
        free(got_mean);
        free(got_m2);
    }
}

static void check_moments(const struct kernels *k)
{
    /* float32 sums of 64 numbers: some units of 6e-8 */
    compare_moments(k, 0, 1, 2e-6);
    compare_moments(k, -3, 0.01, 2e-6);
    /* The mean is a million deviations: one-pass sums in float32, or even in double without the
     * shift, would lose every digit of the variance. */
    compare_moments(k, 1000, 0.001, 2e-6);
}

static void moments_are_right_also_with_a_large_mean_and_a_small_variance(void **state)
{
    (void)state;
    levels_each(check_moments, 10);
}

static void check_constant(const struct kernels *k)
{
    float *z = close_filled(100 * 19, 12345.678f);
    double mean[19], m2[19];
    k->norm_moments(mean, m2, z, 100, 19);
    for (int c = 0; c < 19; c++) {
        assert_true(mean[c] == (double)z[0]);
        assert_true(m2[c] == 0);
    }
    z[50 * 19 + 3] = NAN;
    z[50 * 19 + 18] = NAN;
    k->norm_moments(mean, m2, z, 100, 19);
    for (int c = 0; c < 19; c++)
        assert_int_equal(isnan(mean[c]) && isnan(m2[c]), c == 3 || c == 18);
    free(z);
}

static void moments_of_a_constant_are_exact_and_a_nan_stays_in_its_channel(void **state)
{
    (void)state;
    levels_each(check_constant, 11);
}

static void compare_apply(const struct kernels *k, struct shape s, bool residual, bool relu,
                          bool in_place)
{
    size_t n = s.pixels * s.channels;
    float *z = close_normal(n), *r = close_normal(n), *y = close_filled(n, NAN);
    float *scale = close_normal(s.channels), *shift = close_normal(s.channels);
    double *want = close_doubles(n);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)z[i] * scale[i % s.channels] + shift[i % s.channels];
        want[i] += residual ? r[i] : 0;
        if (relu && want[i] < 0)
            want[i] = 0;
    }
    if (in_place)
        memcpy(y, r, n * sizeof *y);
    k->norm_apply(y, z, residual ? (in_place ? y : r) : NULL, scale, shift, s.pixels, s.channels,
                  relu);
    assert_close(y, want, n, 2e-7); /* two or three roundings */
    free(z);
    free(r);
    free(y);
    free(scale);
    free(shift);
    free(want);
}

static void check_apply(const struct kernels *k)
{
    for (size_t i = 0; i < N_SHAPES; i++)
        for (int relu = 0; relu < 2; relu++) {
            compare_apply(k, SHAPES[i], false, relu, false);
            compare_apply(k, SHAPES[i], true, relu, false);
            compare_apply(k, SHAPES[i], true, relu, true);
        }
}

static void apply_scales_shifts_adds_and_clips(void **state)
{
    (void)state;
    levels_each(check_apply, 12);
}

static void check_relu_of_nan(const struct kernels *k)
{
    float *z = close_filled(20, -1), *scale = close_filled(20, 1), *shift = close_filled(20, 0);
    float y[20];
    z[3] = z[17] = NAN;
    z[4] = z[18] = INFINITY;
    k->norm_apply(y, z, NULL, scale, shift, 1, 20, true);
    for (int c = 0; c < 20; c++)
        if (c == 3 || c == 17)
            assert_true(isnan(y[c]));
        else
            assert_true(y[c] == (c == 4 || c == 18 ? INFINITY : 0));
    free(z);
    free(scale);
    free(shift);
}

static void relu_lets_nan_through(void **state)
{
    (void)state;
    levels_each(check_relu_of_nan, 13);
}

static void compare_backward_sums(const struct kernels *k, struct shape s, bool with_relu)
{
    size_t n = s.pixels * s.channels;
    float *g = close_normal(n), *y = close_normal(n), *z = close_normal_around(n, 2, 1);
    float *mean = close_normal_around(s.channels, 2, 0.1);
    double *want_g = close_to_double(g, n);
    for (size_t i = 0; i < n; i++) {
        if (i % 7 == 0)
            y[i] = i % 2 ? 0.0f : -0.0f;
        if (with_relu && !(y[i] > 0))
            want_g[i] = 0;
    }
    double *sum_g = close_doubles(s.channels), *sum_gx = close_doubles(s.channels);
    k->norm_backward_sums(sum_g, sum_gx, g, with_relu ? y : NULL, z, mean, s.pixels, s.channels);
    for (int c = 0; c < s.channels; c++) {
        double want = 0, want_x = 0, size = 0;
        for (size_t at = c; at < n; at += s.channels) {
            want += want_g[at];
            want_x += want_g[at] * ((double)z[at] - mean[c]);
            size += fabs(want_g[at]) * (1 + fabs((double)z[at] - mean[c]));
        }
        assert_true(fabs(sum_g[c] - want) <= 1e-6 * size);
        assert_true(fabs(sum_gx[c] - want_x) <= 1e-6 * size);
    }
    assert_close(g, want_g, n, 0); /* masked or untouched, never rounded */
    free(g);
    free(y);
    free(z);
    free(mean);
    free(want_g);
    free(sum_g);
    free(sum_gx);
}

static void check_backward_sums(const struct kernels *k)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        compare_backward_sums(k, SHAPES[i], false);
        compare_backward_sums(k, SHAPES[i], true);
    }
}

static void backward_sums_mask_the_gradient_and_add_it_up(void **state)
{
    (void)state;
    levels_each(check_backward_sums, 14);
}

static void compare_backward_apply(const struct kernels *k, struct shape s, bool in_place)
{
    size_t n = s.pixels * s.channels;
    float *g = close_normal(n), *z = close_normal(n), *dz = in_place ? z : close_filled(n, NAN);
    float *mean = close_normal(s.channels), *a = close_normal(s.channels);
    float *b = close_normal(s.channels), *d = close_normal(s.channels);
    double *want = close_doubles(n);
    for (size_t i = 0; i < n; i++) {
        int c = (int)(i % s.channels);
        want[i] = (double)a[c] * g[i] + b[c] * ((double)z[i] - mean[c]) + d[c];
    }
    k->norm_backward_apply(dz, g, z, mean, a, b, d, s.pixels, s.channels);
    assert_close(dz, want, n, 3e-7); /* four roundings */
    if (!in_place)
        free(dz);
    free(g);
    free(z);
    free(mean);
    free(a);
    free(b);
    free(d);
    free(want);
}

static void check_backward_apply(const struct kernels *k)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        compare_backward_apply(k, SHAPES[i], false);
        compare_backward_apply(k, SHAPES[i], true);
    }
}

static void backward_apply_is_linear_in_gradient_and_input_also_in_place(void **state)
{
    (void)state;
    levels_each(check_backward_apply, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_right_also_with_a_large_mean_and_a_small_variance),
        cmocka_unit_test(moments_of_a_constant_are_exact_and_a_nan_stays_in_its_channel),
        cmocka_unit_test(apply_scales_shifts_adds_and_clips),
        cmocka_unit_test(relu_lets_nan_through),
        cmocka_unit_test(backward_sums_mask_the_gradient_and_add_it_up),
        cmocka_unit_test(backward_apply_is_linear_in_gradient_and_input_also_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
