/* Transforms of Winograd's convolution F(4x4, 3x3) (Winograd 1980; Lavin and Gray 2016), channels
 * side by side in a register. src/nn/conv/README.md has the matrices A, B, G and their making;
 * scripts/winograd_matrices.py reads the lines below and proves that they are those.
 *
 * Interpolation points 0, +-a, +-b and infinity with a = 1/sqrt(2), b = sqrt(2). With a^2 = 1/2 and
 * b^2 = 2 most constants are powers of two, and rounding errors are several times smaller than with
 * the usual 0, +-1, +-2. */
#include "math/kernels/level.h"

#define A 0.70710678118654752440f
#define B 1.41421356237309504880f

/* A register of channels, or the first `lanes` of one: at the end of channels that are no multiple.
 */
static inline __attribute__((always_inline)) vec take(const float *p, int lanes)
{
    return lanes == LANES ? load(p) : load_first(p, lanes);
}

static inline __attribute__((always_inline)) void put(float *p, vec v, int lanes)
{
    if (lanes == LANES)
        store(p, v);
    else
        store_first(p, v, lanes);
}

/* Each transform of a line reads `in` and writes `out` with a step between elements, so that it
 * serves columns, then rows. */

static inline __attribute__((always_inline)) void input_line(vec *out, const vec *in, int step)
{
    vec d1 = in[step], d2 = in[2 * step], d3 = in[3 * step], d4 = in[4 * step];
    vec even_a = d4 - 2.0f * d2, odd_a = A * (d3 - 2.0f * d1);
    vec even_b = d4 - 0.5f * d2, odd_b = B * (d3 - 0.5f * d1);
    out[0] = in[0] - 2.5f * d2 + d4;
    out[step] = even_a + odd_a;
    out[2 * step] = even_a - odd_a;
    out[3 * step] = even_b + odd_b;
    out[4 * step] = even_b - odd_b;
    out[5 * step] = d1 - 2.5f * d3 + in[5 * step];
}

static inline __attribute__((always_inline)) void output_line(vec *out, int out_step, const vec *in,
                                                              int step)
{
    vec sum_a = in[step] + in[2 * step], odd_a = in[step] - in[2 * step];
    vec sum_b = in[3 * step] + in[4 * step], odd_b = in[3 * step] - in[4 * step];
    out[0] = in[0] + sum_a + sum_b;
    out[out_step] = A * odd_a + B * odd_b;
    out[2 * out_step] = 0.5f * sum_a + 2.0f * sum_b;
    out[3 * out_step] = (0.5f * A) * odd_a + (2.0f * B) * odd_b + in[5 * step];
}

static inline __attribute__((always_inline)) void gradient_line(vec *out, int out_step,
                                                                const vec *in, int step)
{
    vec y0 = in[0], y1 = in[step], y2 = in[2 * step], y3 = in[3 * step];
    vec even_a = y0 + 0.5f * y2, odd_a = A * (y1 + 0.5f * y3);
    vec even_b = y0 + 2.0f * y2, odd_b = B * (y1 + 2.0f * y3);
    out[0] = y0;
    out[out_step] = even_a + odd_a;
    out[2 * out_step] = even_a - odd_a;
    out[3 * out_step] = even_b + odd_b;
    out[4 * out_step] = even_b - odd_b;
    out[5 * out_step] = y3;
}

static inline __attribute__((always_inline)) void filter_line(vec *out, int out_step, const vec *in,
                                                              int step)
{
    vec even_a = (-2.0f / 3) * in[0] + (-1.0f / 3) * in[2 * step],
        odd_a = (-2.0f / 3 * A) * in[step];
    vec even_b = (1.0f / 6) * in[0] + (1.0f / 3) * in[2 * step], odd_b = (B / 6) * in[step];
    out[0] = in[0];
    out[out_step] = even_a + odd_a;
    out[2 * out_step] = even_a - odd_a;
    out[3 * out_step] = even_b + odd_b;
    out[4 * out_step] = even_b - odd_b;
    out[5 * out_step] = in[2 * step];
}

static inline __attribute__((always_inline)) void filter_gradient_line(vec *out, int out_step,
                                                                       const vec *in, int step)
{
    vec sum_a = in[step] + in[2 * step], odd_a = in[step] - in[2 * step];
    vec sum_b = in[3 * step] + in[4 * step], odd_b = in[3 * step] - in[4 * step];
    out[0] = in[0] - (2.0f / 3) * sum_a + (1.0f / 6) * sum_b;
    out[out_step] = (-2.0f / 3 * A) * odd_a + (B / 6) * odd_b;
    out[2 * out_step] = (-1.0f / 3) * sum_a + (1.0f / 3) * sum_b + in[5 * step];
}

/* Pixels of the next tile to the right, while this one is worked on: their lines are too far apart
 * for the processor to foresee. Right of the image it is the next row's beginning that comes, or
 * nothing. */
static inline __attribute__((always_inline)) void ask_for(const float *pixels, int n, size_t pixel)
{
#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
        __builtin_prefetch(pixels + (size_t)j * pixel);
}

/* The 6x6 patch of a tile, a register of channels: rows first, so that each line is transformed as
 * it is loaded; then columns, each stored as it is done. Only the half-way values go through
 * memory. `row` and `pixel` are distances in floats. Lanes past the channels are stored as 0. */
static inline __attribute__((always_inline)) void
input_patch(float *v, size_t point, const float *x, size_t row, size_t pixel, int lanes, bool ahead)
{
    vec half[36];
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
        vec d[6];
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++)
            d[j] = take(x + (size_t)i * row + (size_t)j * pixel, lanes);
        if (ahead)
            ask_for(x + (size_t)i * row + 6 * pixel, 4, pixel);
        input_line(half + i * 6, d, 1);
    }
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        vec out[6], in[6];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            in[i] = half[i * 6 + j];
        input_line(out, in, 1);
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            store(v + (size_t)(i * 6 + j) * point, out[i]);
    }
}

/* The patch of a tile at the border, with zeros outside of the image: rare enough to cost a copy.
 */
static void copy_patch(float *patch, const float *x, size_t pixel, int top, int left, int height,
                       int width, int lanes)
{
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            int h = top + i, w = left + j;
            bool here = h >= 0 && h < height && w >= 0 && w < width;
            store(patch + (i * 6 + j) * LANES,
                  here ? take(x + ((size_t)h * (size_t)width + (size_t)w) * pixel, lanes)
                       : (vec){0});
        }
}

void KERNEL(winograd_sweep_input)(float *v, size_t point, const float *x, size_t pixel, int top,
                                  int left, int height, int width, int channels)
{
    bool inside = top >= 0 && left >= 0 && top + 6 <= height && left + 6 <= width;
    int c = 0;
    if (inside) {
        const float *first = x + ((size_t)top * (size_t)width + (size_t)left) * pixel;
        for (; c + LANES <= channels; c += LANES)
            input_patch(v + c, point, first + c, (size_t)width * pixel, pixel, LANES, true);
        if (c < channels)
            input_patch(v + c, point, first + c, (size_t)width * pixel, pixel, channels - c, true);
        return;
    }
    for (; c < channels; c += LANES) {
        float patch[36 * LANES];
        if (c + LANES <= channels)
            copy_patch(patch, x + c, pixel, top, left, height, width, LANES);
        else
            copy_patch(patch, x + c, pixel, top, left, height, width, channels - c);
        input_patch(v + c, point, patch, 6 * LANES, LANES, LANES, false);
    }
}

static inline __attribute__((always_inline)) void output_patch(float *y, size_t row, size_t pixel,
                                                               const float *m, size_t point,
                                                               int rows, int columns, int lanes,
                                                               bool accumulate)
{
    vec half[24];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        ask_for(y + (size_t)i * row, 4, pixel); /* to be owned when it is written */
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
        vec d[6];
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++)
            d[j] = load(m + (size_t)(i * 6 + j) * point);
        output_line(half + i * 4, 1, d, 1);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        vec in[6], out[4];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            in[i] = half[i * 4 + j];
        output_line(out, 1, in, 1);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            if (i >= rows || j >= columns)
                continue;
            float *at = y + (size_t)i * row + (size_t)j * pixel;
            put(at, accumulate ? take(at, lanes) + out[i] : out[i], lanes);
        }
    }
}

void KERNEL(winograd_sweep_output)(float *y, size_t row, size_t pixel, const float *m, size_t point,
                                   int rows, int columns, int channels, bool accumulate)
{
    int c = 0;
    for (; c + LANES <= channels; c += LANES)
        output_patch(y + c, row, pixel, m + c, point, rows, columns, LANES, accumulate);
    if (c < channels)
        output_patch(y + c, row, pixel, m + c, point, rows, columns, channels - c, accumulate);
}

static inline __attribute__((always_inline)) void gradient_patch(float *m, size_t point,
                                                                 const float *dy, size_t row,
                                                                 size_t pixel, int lanes,
                                                                 bool ahead)
{
    vec half[24];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        vec d[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            d[j] = take(dy + (size_t)i * row + (size_t)j * pixel, lanes);
        if (ahead)
            ask_for(dy + (size_t)i * row + 4 * pixel, 4, pixel);
        gradient_line(half + i * 6, 1, d, 1);
    }
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        vec in[4], out[6];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            in[i] = half[i * 6 + j];
        gradient_line(out, 1, in, 1);
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            store(m + (size_t)(i * 6 + j) * point, out[i]);
    }
}

/* A tile at the border, and zeros in place of what is outside. */
static inline __attribute__((always_inline)) void border_gradient(float *m, size_t point,
                                                                  const float *dy, size_t row,
                                                                  size_t pixel, int rows,
                                                                  int columns, int lanes)
{
    float patch[16 * LANES] = {0};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            store(patch + (i * 4 + j) * LANES,
                  take(dy + (size_t)i * row + (size_t)j * pixel, lanes));
    gradient_patch(m, point, patch, 4 * LANES, LANES, LANES, false);
}

void KERNEL(winograd_sweep_gradient)(float *m, size_t point, const float *dy, int rows, int columns,
                                     int width, int channels)
{
    const size_t pixel = (size_t)channels, row = (size_t)width * pixel;
    const bool whole = rows == 4 && columns == 4;
    int c = 0;
    for (; c + LANES <= channels; c += LANES)
        if (whole)
            gradient_patch(m + c, point, dy + c, row, pixel, LANES, true);
        else
            border_gradient(m + c, point, dy + c, row, pixel, rows, columns, LANES);
    if (c < channels && whole)
        gradient_patch(m + c, point, dy + c, row, pixel, channels - c, true);
    else if (c < channels)
        border_gradient(m + c, point, dy + c, row, pixel, rows, columns, channels - c);
}

static inline __attribute__((always_inline)) void filters(float *u, size_t point, const float *w,
                                                          size_t tap, int lanes)
{
    vec g[9], t[18], out[36];
#pragma GCC unroll 9
    for (int i = 0; i < 9; i++)
        g[i] = take(w + (size_t)i * tap, lanes);
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++)
        filter_line(t + j, 3, g + j, 3);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
        filter_line(out + i * 6, 1, t + i * 3, 1);
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++)
            store(u + (size_t)(i * 6 + j) * point, out[i * 6 + j]);
    }
}

void KERNEL(winograd_sweep_filter)(float *u, size_t point, const float *w, size_t tap, int n)
{
    for (int c = 0; c < 16; c += LANES)
        if (c + LANES <= n)
            filters(u + c, point, w + c, tap, LANES);
        else
            filters(u + c, point, n > c ? w + c : w, tap, n > c ? n - c : 0);
}

static inline __attribute__((always_inline)) void
filter_gradients(float *dw, size_t tap, const float *du, size_t point, int lanes)
{
    vec d[36], t[18], out[9];
#pragma GCC unroll 36
    for (int p = 0; p < 36; p++)
        d[p] = load(du + (size_t)p * point);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++)
        filter_gradient_line(t + j, 6, d + j, 6);
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++)
        filter_gradient_line(out + i * 3, 1, t + i * 6, 1);
#pragma GCC unroll 9
    for (int i = 0; i < 9; i++)
        put(dw + (size_t)i * tap, out[i], lanes);
}

void KERNEL(winograd_sweep_filter_gradient)(float *dw, size_t tap, const float *du, size_t point,
                                            size_t n)
{
    size_t c = 0;
    for (; c + LANES <= n; c += LANES)
        filter_gradients(dw + c, tap, du + c, point, LANES);
    if (c < n)
        filter_gradients(dw + c, tap, du + c, point, (int)(n - c));
}
