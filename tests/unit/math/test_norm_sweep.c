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

static const enum kernels_activation ACTIVATIONS[] = {KERNELS_NONE, KERNELS_RELU, KERNELS_RELU6};

static double activated(double v, enum kernels_activation activation)
{
    if (activation != KERNELS_NONE && v < 0)
        return 0;
    return activation == KERNELS_RELU6 && v > 6 ? 6 : v;
}

static double masked(double g, double y, enum kernels_activation activation)
{
    bool passes = activation == KERNELS_NONE || (y > 0 && (activation == KERNELS_RELU || y < 6));
    return passes ? g : 0;
}

/* Results of an activation, with both limits, both zeros and numbers beyond among them. */
static float *activation_results(size_t n)
{
    static const float EDGE[] = {0.0f, -0.0f, 6.0f, 7.0f, INFINITY, -1.0f, NAN};
    float *y = close_normal_around(n, 2, 3);
    for (size_t i = 0; i < n; i++)
        if (close_pick(0, 2) == 0)
            y[i] = EDGE[close_pick(0, 6)];
    return y;
}

static void compare_apply(const struct kernels *k, struct shape s, bool residual,
                          enum kernels_activation activation, bool in_place)
{
    size_t n = s.pixels * s.channels;
    float *z = close_normal(n), *r = close_normal(n), *y = close_filled(n, NAN);
    float *scale = close_normal_around(s.channels, 0, 4), *shift = close_normal(s.channels);
    double *want = close_doubles(n);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)z[i] * scale[i % s.channels] + shift[i % s.channels];
        want[i] += residual ? r[i] : 0;
        want[i] = activated(want[i], activation);
    }
    if (in_place)
        memcpy(y, r, n * sizeof *y);
    k->norm_apply(y, z, residual ? (in_place ? y : r) : NULL, scale, shift, s.pixels, s.channels,
                  s.channels, activation);
    /* Two or three roundings of terms up to 16, where the limit of RELU6 makes the results small.
     */
    assert_close(y, want, n, 4e-7);
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
        for (int a = 0; a < 3; a++) {
            compare_apply(k, SHAPES[i], false, ACTIVATIONS[a], false);
            compare_apply(k, SHAPES[i], true, ACTIVATIONS[a], false);
            compare_apply(k, SHAPES[i], true, ACTIVATIONS[a], true);
        }
}

static void apply_scales_shifts_adds_and_clips(void **state)
{
    (void)state;
    levels_each(check_apply, 12);
}

static void compare_relu_of_nan(const struct kernels *k, enum kernels_activation activation,
                                float largest)
{
    float *z = close_filled(20, -1), *scale = close_filled(20, 1), *shift = close_filled(20, 0);
    float y[20];
    z[3] = z[17] = NAN;
    z[4] = z[18] = INFINITY;
    k->norm_apply(y, z, NULL, scale, shift, 1, 20, 20, activation);
    for (int c = 0; c < 20; c++)
        if (c == 3 || c == 17)
            assert_true(isnan(y[c]));
        else
            assert_true(y[c] == (c == 4 || c == 18 ? largest : 0));
    free(z);
    free(scale);
    free(shift);
}

static void check_relu_of_nan(const struct kernels *k)
{
    compare_relu_of_nan(k, KERNELS_RELU, INFINITY);
    compare_relu_of_nan(k, KERNELS_RELU6, 6);
}

static void relu_lets_nan_through(void **state)
{
    (void)state;
    levels_each(check_relu_of_nan, 13);
}

static void compare_backward_sums(const struct kernels *k, struct shape s,
                                  enum kernels_activation activation)
{
    size_t n = s.pixels * s.channels;
    float *g = close_normal(n), *y = activation_results(n), *z = close_normal_around(n, 2, 1);
    float *mean = close_normal_around(s.channels, 2, 0.1);
    double *want_g = close_doubles(n);
    for (size_t i = 0; i < n; i++)
        want_g[i] = masked(g[i], y[i], activation);
    double *sum_g = close_doubles(s.channels), *sum_gx = close_doubles(s.channels);
    k->norm_backward_sums(sum_g, sum_gx, g, activation == KERNELS_NONE ? NULL : y, z, mean,
                          s.pixels, s.channels, s.channels, activation);
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
    for (size_t i = 0; i < N_SHAPES; i++)
        for (int a = 0; a < 3; a++)
            compare_backward_sums(k, SHAPES[i], ACTIVATIONS[a]);
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
    k->norm_backward_apply(dz, g, z, mean, a, b, d, s.pixels, s.channels, s.channels);
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

/* in_place: out is g; else masked may be g, or NULL. */
static void compare_mask(const struct kernels *k, struct shape s,
                         enum kernels_activation activation, bool in_place, bool masks_g)
{
    size_t n = s.pixels * (size_t)s.channels, channels = (size_t)s.channels;
    float *g = close_normal(n), *y = activation_results(n), *z = close_normal_around(n, 2, 1);
    float *mean = close_normal_around(channels, 2, 0.1);
    float *out = in_place ? g : close_filled(n, NAN), *sums_alone = close_floats(n);
    double *want = close_doubles(n), *sums = close_doubles(3 * channels);
    memcpy(sums_alone, g, n * sizeof *g);
    for (size_t i = 0; i < n; i++)
        want[i] = masked(g[i], y[i], activation);
    const float *result = activation == KERNELS_NONE ? NULL : y;
    k->norm_backward_sums(sums, sums + channels, sums_alone, result, z, mean, s.pixels, s.channels,
                          s.channels, activation);
    k->mask(out, masks_g ? g : NULL, sums + 2 * channels, g, result, s.pixels, s.channels,
            s.channels, activation);
    assert_memory_equal(sums + 2 * channels, sums, channels * sizeof *sums);
    assert_close(out, want, n, 0);
    if (masks_g)
        assert_close(g, want, n, 0);
    k->mask(NULL, NULL, sums + 2 * channels, out, NULL, s.pixels, s.channels, s.channels,
            KERNELS_NONE);
    assert_memory_equal(sums + 2 * channels, sums, channels * sizeof *sums);
    assert_close(out, want, n, 0);
    if (!in_place)
        free(out);
    free(g);
    free(y);
    free(z);
    free(mean);
    free(sums_alone);
    free(want);
    free(sums);
}

static void check_mask(const struct kernels *k)
{
    for (size_t i = 0; i < N_SHAPES; i++)
        for (int a = 0; a < 3; a++)
            for (int where = 0; where < 3; where++)
                compare_mask(k, SHAPES[i], ACTIVATIONS[a], where == 0, where == 1);
}

static void a_mask_has_the_sums_of_the_backward_sweep_also_in_place(void **state)
{
    (void)state;
    levels_each(check_mask, 17);
}

static void check_activation_backward(const struct kernels *k)
{
    for (int n = 1; n < 70; n += 3)
        for (int a = 0; a < 3; a++) {
            float *g = close_normal((size_t)n), *y = activation_results((size_t)n);
            double *want = close_doubles((size_t)n);
            for (int i = 0; i < n; i++)
                want[i] = masked(g[i], y[i], ACTIVATIONS[a]);
            k->activation_backward(g, y, (size_t)n, ACTIVATIONS[a]);
            assert_close(g, want, (size_t)n, 0);
            free(g);
            free(y);
            free(want);
        }
}

static void a_gradient_passes_strictly_between_the_limits_of_its_activation(void **state)
{
    (void)state;
    levels_each(check_activation_backward, 16);
}

/* A slice of a wider tensor, from `plain`; `between` elsewhere. */
static float *slice_of(const float *plain, struct shape s, size_t pitch, float between)
{
    float *wide = close_filled(s.pixels * pitch, between);
    for (size_t p = 0; p < s.pixels; p++)
        memcpy(wide + p * pitch, plain + p * s.channels, s.channels * sizeof *wide);
    return wide;
}

static void assert_slice(const float *wide, const float *plain, struct shape s, size_t pitch,
                         float between)
{
    float *want = slice_of(plain, s, pitch, between);
    assert_memory_equal(wide, want, s.pixels * pitch * sizeof *wide);
    free(want);
}

/* Every sweep that has a pitch, beside itself without gaps. The last pixel's gap is memory, too. */
static void compare_slices(const struct kernels *k, struct shape s, size_t pitch,
                           enum kernels_activation activation)
{
    size_t n = s.pixels * s.channels, channels = (size_t)s.channels;
    const float gap = -77.25f;
    float *z = close_normal(n), *r = close_normal(n), *g = close_normal(n), *y = close_floats(n);
    float *c[5], *dz = close_floats(n), *dz_wide = close_floats(n), *masked_g = close_floats(n);
    for (int i = 0; i < 5; i++)
        c[i] = close_normal(channels);
    double *sums = close_doubles(4 * channels);
    float *wide_r = slice_of(r, s, pitch, NAN), *wide_y = close_filled(s.pixels * pitch, gap);
    float *wide_g = slice_of(g, s, pitch, gap), *wide_m = close_filled(s.pixels * pitch, gap);

    k->norm_apply(y, z, r, c[0], c[1], s.pixels, s.channels, channels, activation);
    k->norm_apply(wide_y, z, wide_r, c[0], c[1], s.pixels, s.channels, pitch, activation);
    assert_slice(wide_y, y, s, pitch, gap);

    k->mask(dz, masked_g, sums, g, y, s.pixels, s.channels, channels, activation);
    k->mask(dz_wide, wide_m, sums + channels, wide_g, wide_y, s.pixels, s.channels, pitch,
            activation);
    assert_memory_equal(dz_wide, dz, n * sizeof *dz);
    assert_memory_equal(sums + channels, sums, channels * sizeof *sums);
    assert_slice(wide_m, masked_g, s, pitch, gap);

    k->norm_backward_sums(sums, sums + channels, g, y, z, c[0], s.pixels, s.channels, channels,
                          activation);
    k->norm_backward_sums(sums + 2 * channels, sums + 3 * channels, wide_g, wide_y, z, c[0],
                          s.pixels, s.channels, pitch, activation);
    assert_memory_equal(sums + 2 * channels, sums, 2 * channels * sizeof *sums);
    assert_slice(wide_g, g, s, pitch, gap);

    k->norm_backward_apply(dz, g, z, c[0], c[2], c[3], c[4], s.pixels, s.channels, channels);
    k->norm_backward_apply(dz_wide, wide_g, z, c[0], c[2], c[3], c[4], s.pixels, s.channels, pitch);
    assert_memory_equal(dz_wide, dz, n * sizeof *dz);
    for (int i = 0; i < 5; i++)
        free(c[i]);
    float *all[] = {z, r, g, y, dz, dz_wide, masked_g, wide_r, wide_y, wide_g, wide_m};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(sums);
}

static void check_slices(const struct kernels *k)
{
    static const struct shape slices[] = {{70, 26}, {65, 52}, {130, 16}, {3, 5}, {66, 104}};
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++)
        for (int a = 0; a < 3; a++) {
            compare_slices(k, slices[i], (size_t)slices[i].channels * 4, ACTIVATIONS[a]);
            compare_slices(k, slices[i], (size_t)slices[i].channels + 3, ACTIVATIONS[a]);
        }
}

static void every_sweep_of_a_slice_has_the_bits_of_the_slice_alone(void **state)
{
    (void)state;
    levels_each(check_slices, 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_right_also_with_a_large_mean_and_a_small_variance),
        cmocka_unit_test(moments_of_a_constant_are_exact_and_a_nan_stays_in_its_channel),
        cmocka_unit_test(apply_scales_shifts_adds_and_clips),
        cmocka_unit_test(relu_lets_nan_through),
        cmocka_unit_test(backward_sums_mask_the_gradient_and_add_it_up),
        cmocka_unit_test(a_mask_has_the_sums_of_the_backward_sweep_also_in_place),
        cmocka_unit_test(a_gradient_passes_strictly_between_the_limits_of_its_activation),
        cmocka_unit_test(every_sweep_of_a_slice_has_the_bits_of_the_slice_alone),
        cmocka_unit_test(backward_apply_is_linear_in_gradient_and_input_also_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
