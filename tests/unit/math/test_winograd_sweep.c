/* Winograd's transforms, at every processor level, beside the matrices multiplied out in double
 * precision, and what they are for: the identity with the direct convolution. */
#include "math/levels.h"

#include <string.h>

/* The matrices by the formulas above winograd_sweep.c, from the points alone. */
enum { POINTS = 6, FINITE = 5 };
struct matrices {
    double a[POINTS][4], g[POINTS][3], b[POINTS][POINTS]; /* A, G and B^T */
};

/* Multiplies the polynomial (constant first) by (x - root). */
static void multiply_by_root(double *polynomial, double root)
{
    for (int i = POINTS - 1; i > 0; i--)
        polynomial[i] = polynomial[i - 1] - root * polynomial[i];
    polynomial[0] *= -root;
}

static struct matrices make_matrices(void)
{
    const double point[FINITE] = {0, sqrt(0.5), -sqrt(0.5), sqrt(2), -sqrt(2)};
    struct matrices m = {0};
    m.b[FINITE][0] = 1;
    for (int i = 0; i < FINITE; i++) {
        double n = 1;
        m.b[i][0] = 1;
        for (int j = 0; j < FINITE; j++)
            if (j != i) {
                n *= point[i] - point[j];
                multiply_by_root(m.b[i], point[j]);
            }
        multiply_by_root(m.b[FINITE], point[i]);
        for (int k = 0; k < 4; k++)
            m.a[i][k] = k == 0 ? 1 : pow(point[i], k);
        for (int k = 0; k < 3; k++)
            m.g[i][k] = (k == 0 ? 1 : pow(point[i], k)) / n;
    }
    m.a[FINITE][3] = m.g[FINITE][2] = 1;
    return m;
}

/* out [n, n] = L in L^T with in [k, k] and L [n, k], whose elements lie l_row and l_step apart. */
static void both_sides(double *out, const double *l, size_t l_row, size_t l_step, int n, int k,
                       const double *in)
{
    double half[POINTS * POINTS] = {0};
    memset(out, 0, n * n * sizeof *out);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++)
            for (int p = 0; p < k; p++)
                half[i * k + j] += l[i * l_row + p * l_step] * in[p * k + j];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int p = 0; p < k; p++)
                out[i * n + j] += half[i * k + p] * l[j * l_row + p * l_step];
}
static void input_twin(double *v, const double *d)
{
    struct matrices m = make_matrices();
    both_sides(v, m.b[0], POINTS, 1, POINTS, POINTS, d); /* B^T d B */
}
static void output_twin(double *y, const double *v)
{
    struct matrices m = make_matrices();
    both_sides(y, m.a[0], 1, 4, 4, POINTS, v); /* A^T m A */
}
static void gradient_twin(double *v, const double *dy)
{
    struct matrices m = make_matrices();
    both_sides(v, m.a[0], 4, 1, POINTS, 4, dy); /* A dY A^T */
}
static void filter_twin(double *u, const double *w)
{
    struct matrices m = make_matrices();
    both_sides(u, m.g[0], 3, 1, POINTS, 3, w); /* G w G^T */
}
static void filter_gradient_twin(double *dw, const double *du)
{
    struct matrices m = make_matrices();
    both_sides(dw, m.g[0], 1, 3, 3, POINTS, du); /* G^T dU G */
}

/* One transform is two short sums with weights up to 4: a few roundings of 6e-8, relative to the
 * largest value. Seen: up to 2.2e-7. */
#define TRANSFORM 5e-7

/* An image in which a tile lies at `top`, `left`. */
struct image {
    int height, width, channels;
    int pixel; /* floats from one pixel to the next */
};

/* 0 outside of the image. */
static double pixel(const float *x, const struct image *s, int h, int w, int c)
{
    bool inside = h >= 0 && h < s->height && w >= 0 && w < s->width;
    return inside ? x[((size_t)h * s->width + w) * s->pixel + c] : 0;
}

/* Channels with room for whole vectors at every level. */
static int padded(int channels)
{
    return (channels + 15) / 16 * 16;
}

static void compare_input(const struct kernels *k, const struct image *s, int top, int left)
{
    size_t n = (size_t)s->height * s->width * s->pixel, point = padded(s->channels) + 16;
    float *x = close_normal(n), *v = close_filled(36 * point, NAN);
    double *want = close_doubles(36 * point);
    for (int c = 0; c < s->channels; c++) {
        double d[36], out[36];
        for (int i = 0; i < 36; i++)
            d[i] = pixel(x, s, top + i / 6, left + i % 6, c);
        input_twin(out, d);
        for (int i = 0; i < 36; i++)
            want[i * point + c] = out[i];
    }
    k->winograd_input(v, point, x, s->pixel, top, left, s->height, s->width, s->channels);
    for (int i = 0; i < 36; i++)
        for (int c = s->channels; c < (int)point; c++) {
            float *beside = &v[i * point + c];
            if (c < padded(s->channels) && *beside == 0)
                continue; /* of the last vector */
            assert_true(isnan(*beside));
            *beside = 0;
        }
    assert_close(v, want, 36 * point, TRANSFORM);
    free(x);
    free(v);
    free(want);
}

/* Inside, over each border and each corner, and images smaller than a tile. */
static void check_input(const struct kernels *k)
{
    static const struct image IMAGES[] = {{8, 9, 16, 16}, {7, 7, 48, 51}, {3, 2, 32, 48},
                                          {1, 1, 16, 16}, {8, 9, 26, 26}, {7, 8, 52, 61},
                                          {6, 7, 5, 5}};
    for (size_t i = 0; i < sizeof IMAGES / sizeof IMAGES[0]; i++)
        for (int top = -1; top < IMAGES[i].height; top++)
            for (int left = -1; left < IMAGES[i].width; left++)
                compare_input(k, &IMAGES[i], top, left);
}

static void the_input_transform_is_its_matrices_with_zeros_around_the_image(void **state)
{
    (void)state;
    levels_each(check_input, 41);
}

/* The image that a tile of 4x4 outputs lies in; its pixels have more channels than are asked for.
 */
enum { WIDTH = 7, OTHERS = 3 };

/* Only rows x columns pixels of the tile exist. */
static void compare_output(const struct kernels *k, int rows, int columns, int channels,
                           bool accumulate)
{
    size_t point = padded(channels), pixel = channels + OTHERS, n = 4 * WIDTH * pixel;
    float *m = close_normal(36 * point), *y = close_normal(n);
    float *before = close_floats(n);
    memcpy(before, y, n * sizeof *y);
    double *want = close_to_double(y, n);
    for (int c = 0; c < channels; c++) {
        double v[36], out[16];
        for (int i = 0; i < 36; i++)
            v[i] = m[i * point + c];
        output_twin(out, v);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                double *value = &want[((size_t)i * WIDTH + j) * pixel + c];
                *value = accumulate ? *value + out[i * 4 + j] : out[i * 4 + j];
            }
    }
    k->winograd_output(y, WIDTH * pixel, pixel, m, point, rows, columns, channels, accumulate);
    assert_close(y, want, n, TRANSFORM);
    for (size_t i = 0; i < n; i++) {
        size_t row = i / (WIDTH * pixel), column = i / pixel % WIDTH;
        if (row >= (size_t)rows || column >= (size_t)columns || i % pixel >= (size_t)channels)
            assert_true(y[i] == before[i]);
    }
    free(m);
    free(y);
    free(before);
    free(want);
}

static void compare_gradient(const struct kernels *k, int rows, int columns, int channels)
{
    /* dy ends with the tile's last pixel: what is not there must not be read. */
    size_t point = padded(channels) + 16, n = ((rows - 1) * (size_t)WIDTH + columns) * channels;
    float *dy = close_normal(n), *m = close_filled(36 * point, 0);
    double *want = close_doubles(36 * point);
    for (int c = 0; c < channels; c++) {
        double d[16] = {0}, out[36];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                d[i * 4 + j] = dy[((size_t)i * WIDTH + j) * channels + c];
        gradient_twin(out, d);
        for (int i = 0; i < 36; i++)
            want[i * point + c] = out[i];
    }
    k->winograd_gradient(m, point, dy, rows, columns, WIDTH, channels);
    assert_close(m, want, 36 * point, TRANSFORM);
    free(dy);
    free(m);
    free(want);
}

static void check_tiles(const struct kernels *k)
{
    for (int rows = 1; rows <= 4; rows++)
        for (int columns = 1; columns <= 4; columns++)
            for (int channels = 14; channels <= 48; channels += channels % 16 == 0 ? 14 : 2) {
                compare_output(k, rows, columns, channels, false);
                compare_output(k, rows, columns, channels, true);
                compare_gradient(k, rows, columns, channels);
            }
}

static void output_and_gradient_transforms_are_their_matrices_also_for_part_of_a_tile(void **state)
{
    (void)state;
    levels_each(check_tiles, 42);
}

static void check_filters(const struct kernels *k)
{
    enum { FILTERS = 48, TAP = FILTERS + 5, POINT = FILTERS + 16 };
    float *w = close_normal(9 * TAP), *u = close_filled(36 * POINT, 0);
    float *du = close_normal(36 * POINT), *dw = close_filled(9 * TAP, 0);
    double *want = close_doubles(36 * POINT), *want_dw = close_doubles(9 * TAP);
    for (int f = 0; f < FILTERS; f++) {
        double in[36], out[36];
        for (int i = 0; i < 9; i++)
            in[i] = w[i * TAP + f];
        filter_twin(out, in);
        for (int i = 0; i < 36; i++) {
            want[i * POINT + f] = out[i];
            in[i] = du[i * POINT + f];
        }
        filter_gradient_twin(out, in);
        for (int i = 0; i < 9; i++)
            want_dw[i * TAP + f] = out[i];
    }
    for (int f = 0; f < FILTERS; f += 16)
        k->winograd_filter(u + f, POINT, w + f, TAP, 16);
    k->winograd_filter_gradient(dw, TAP, du, POINT, FILTERS);
    assert_close(u, want, 36 * POINT, TRANSFORM);
    assert_close(dw, want_dw, 9 * TAP, TRANSFORM);
    free(w);
    free(u);
    free(du);
    free(dw);
    free(want);
    free(want_dw);
}

/* Of the last 16 filters only some exist; nothing is read or written beside them. */
static void check_some_filters(const struct kernels *k)
{
    for (int n = 1; n <= 16; n++) {
        float *w = close_normal(9 * n), *u = close_filled(36 * 16, NAN);
        float *dw = close_filled(9 * n + 1, NAN);
        double *want = close_doubles(36 * 16), *want_dw = close_doubles(9 * n);
        for (int f = 0; f < n; f++) {
            double in[36], out[36];
            for (int i = 0; i < 9; i++)
                in[i] = w[i * n + f];
            filter_twin(out, in);
            for (int i = 0; i < 36; i++)
                want[i * 16 + f] = out[i];
        }
        k->winograd_filter(u, 16, w, n, n);
        assert_close(u, want, 36 * 16, TRANSFORM);
        for (int f = 0; f < n; f++) {
            double in[36], out[36];
            for (int i = 0; i < 36; i++)
                in[i] = u[i * 16 + f];
            filter_gradient_twin(out, in);
            for (int i = 0; i < 9; i++)
                want_dw[i * n + f] = out[i];
        }
        k->winograd_filter_gradient(dw, n, u, 16, n);
        assert_close(dw, want_dw, 9 * n, TRANSFORM);
        assert_true(isnan(dw[9 * n]));
        free(w);
        free(u);
        free(dw);
        free(want);
        free(want_dw);
    }
}

static void fewer_than_16_filters_are_padded_with_zeros(void **state)
{
    (void)state;
    levels_each(check_some_filters, 46);
}

static void filter_transforms_are_their_matrices(void **state)
{
    (void)state;
    levels_each(check_filters, 43);
}

/* The identity itself, of the matrices alone: no float32 in it, so nothing hides a wrong formula.
 */
static void the_matrices_compute_the_convolution(void **state)
{
    (void)state;
    close_seed(44);
    double d[36], g[9], dy[16], v[36], u[36], m[36], y[16], dw[9];
    for (int i = 0; i < 36; i++)
        d[i] = rng_normal(&close_rng);
    for (int i = 0; i < 9; i++)
        g[i] = rng_normal(&close_rng);
    for (int i = 0; i < 16; i++)
        dy[i] = rng_normal(&close_rng);
    input_twin(v, d);
    filter_twin(u, g);
    gradient_twin(m, dy);
    for (int i = 0; i < 36; i++) {
        u[i] *= v[i];
        m[i] *= v[i];
    }
    output_twin(y, u);
    filter_gradient_twin(dw, m);
    for (int i = 0; i < 16; i++)
        for (int t = 0; t < 9; t++)
            y[i] -= d[(i / 4 + t / 3) * 6 + i % 4 + t % 3] * g[t];
    for (int t = 0; t < 9; t++)
        for (int i = 0; i < 16; i++)
            dw[t] -= d[(i / 4 + t / 3) * 6 + i % 4 + t % 3] * dy[i];
    /* Doubles: 2e-16 times a few dozen operations. */
    for (int i = 0; i < 16; i++)
        assert_true(fabs(y[i]) < 1e-13);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(dw[i]) < 1e-13);
}

/* One tile of a whole convolution by the kernels: transforms, the 36 products over CHANNELS
 * channels in order, as tile_product sums them, and back. */
enum { CHANNELS = 256 };

/* [6, 6, CHANNELS] and [3, 3, CHANNELS, 16] to [4, 4, 16]. */
static void convolve(const struct kernels *k, float *y, const float *x, const float *w)
{
    float *v = close_floats(36 * CHANNELS), *u = close_floats(36 * CHANNELS * 16);
    float m[36 * 16];
    k->winograd_input(v, CHANNELS, x, CHANNELS, 0, 0, 6, 6, CHANNELS);
    for (int c = 0; c < CHANNELS; c++)
        k->winograd_filter(u + c * 16, CHANNELS * 16, w + c * 16, CHANNELS * 16, 16);
    struct kernels_tile t = {
        .a_step = 1, .depth = CHANNELS, .segments = 1, .b_step = 16, .c_row = 16};
    for (int p = 0; p < 36; p++)
        k->tile_product(m + p * 16, v + p * CHANNELS, u + p * CHANNELS * 16, 1, 16, &t);
    k->winograd_output(y, 4 * 16, 16, m, 16, 4, 4, 16, false);
    free(v);
    free(u);
}

/* dW [3, 3, CHANNELS, 16] of the tile, filters of one channel at a time. */
static void convolve_weights(const struct kernels *k, float *dw, const float *x, const float *dy)
{
    float *v = close_floats(36 * CHANNELS), m[36 * 16], du[36 * 16];
    k->winograd_input(v, CHANNELS, x, CHANNELS, 0, 0, 6, 6, CHANNELS);
    k->winograd_gradient(m, 16, dy, 4, 4, 4, 16);
    for (int c = 0; c < CHANNELS; c++) {
        for (int i = 0; i < 36 * 16; i++)
            du[i] = v[i / 16 * CHANNELS + c] * m[i];
        k->winograd_filter_gradient(dw + c * 16, CHANNELS * 16, du, 16, 16);
    }
    free(v);
}

/* Rounding relative to the largest result; seen: 3.0e-6 forward, 1.1e-6 in dW. A direct float32 sum
 * over 9 x 256 products gives 3e-7 to 1e-6; the transforms take differences of larger values. The
 * usual points 0, +-1, +-2 would reach 1.5e-5 and fail here. */
#define IDENTITY 4e-6

static void check_convolution(const struct kernels *k)
{
    for (int round = 0; round < 10; round++) {
        float *x = close_normal(36 * CHANNELS), *w = close_normal(9 * CHANNELS * 16);
        float *dy = close_normal(16 * 16), y[16 * 16], *dw = close_floats(9 * CHANNELS * 16);
        double *want = close_doubles(16 * 16), *want_dw = close_doubles(9 * CHANNELS * 16);
        for (int i = 0; i < 16; i++)
            for (int t = 0; t < 9; t++)
                for (int c = 0; c < CHANNELS; c++)
                    for (int f = 0; f < 16; f++) {
                        int at = (t * CHANNELS + c) * 16 + f;
                        double in = x[((i / 4 + t / 3) * 6 + i % 4 + t % 3) * CHANNELS + c];
                        want[i * 16 + f] += in * w[at];
                        want_dw[at] += in * dy[i * 16 + f];
                    }
        convolve(k, y, x, w);
        convolve_weights(k, dw, x, dy);
        assert_close(y, want, 16 * 16, IDENTITY);
        assert_close(dw, want_dw, 9 * CHANNELS * 16, IDENTITY);
        free(x);
        free(w);
        free(dy);
        free(dw);
        free(want);
        free(want_dw);
    }
}

static void a_tile_through_the_kernels_is_the_direct_convolution(void **state)
{
    (void)state;
    levels_each(check_convolution, 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrices_compute_the_convolution),
        cmocka_unit_test(the_input_transform_is_its_matrices_with_zeros_around_the_image),
        cmocka_unit_test(output_and_gradient_transforms_are_their_matrices_also_for_part_of_a_tile),
        cmocka_unit_test(fewer_than_16_filters_are_padded_with_zeros),
        cmocka_unit_test(filter_transforms_are_their_matrices),
        cmocka_unit_test(a_tile_through_the_kernels_is_the_direct_convolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
