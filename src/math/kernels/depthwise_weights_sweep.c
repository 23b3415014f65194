/* The gradient of a depthwise filter: dw[r, s] = sum over results (h, w) of
 * dy(h, w) * x(h * stride - top + r, w * stride - left + s).
 *
 * One register of channels goes over a block of rows that stay in the second-level cache, then the
 * next. The sums of as many rows of taps as there are registers for stay there over about RUN
 * results, and are then added to dw: sums of sums, so that float32 loses nothing that matters.
 * GROUP results at a time: a pixel is loaded once for all taps of its row. What the next block
 * reads (or, where a block is all there is, other channels) is asked for meanwhile. */
#include "math/kernels/level.h"

#include <string.h>

#if defined(__AVX512F__)
enum { TAP_ROWS_5 = 5 };
#else
enum { TAP_ROWS_5 = 2 };
#endif
enum { GROUP = 2, RUN = 64, BLOCK_BYTES = 128 * 1024, LINE = 16 };

/* Some channels of some rows of dy: c .. c + lanes - 1 of rows first .. end - 1. */
struct rows {
    float *dw;
    const float *x, *dy;
    const struct kernels_depthwise *d;
    int first, end;
    ptrdiff_t c;
    int lanes;
    /* To be asked for while row h is read: row h + fetch_rows below fetch_end, from channel fetch_c
     * on; nothing if fetch_end is 0. */
    int fetch_rows, fetch_end;
    ptrdiff_t fetch_c;
};

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline __attribute__((always_inline)) vec take(const float *p, int lanes, bool careful)
{
    return careful ? load_first(p, lanes) : load(p);
}

/* Asks for n results of dy from (h, w) on and the pixels of x in their place. */
static inline __attribute__((always_inline)) void fetch(const struct rows *q, int h, int w,
                                                        int stride, int n)
{
    const struct kernels_depthwise *d = q->d;
    const float *dy = q->dy + ((ptrdiff_t)h * d->out_width + w) * d->channels + q->fetch_c;
#pragma GCC unroll 4
    for (int i = 0; i < n; i++)
        __builtin_prefetch(dy + (ptrdiff_t)i * d->channels);
    for (int r = h * stride; r < smaller(h * stride + stride, d->height); r++) {
        const float *x = q->x + ((ptrdiff_t)r * d->width + w * stride) * d->channels + q->fetch_c;
#pragma GCC unroll 4
        for (int j = 0; j < n * stride; j++)
            __builtin_prefetch(x + (ptrdiff_t)j * d->channels);
    }
}

/* Adds n results from (h, w) on to the sums of taps r_first .. r_first + tap_rows - 1. */
static inline __attribute__((always_inline)) void group(vec sum[5][5], const struct rows *q, int h,
                                                        int w, int kernel, int stride, int r_first,
                                                        int tap_rows, int n, bool careful)
{
    const struct kernels_depthwise *d = q->d;
    const ptrdiff_t pixel = d->channels;
    const int up = h * stride - d->top + r_first, left = w * stride - d->left;
    const float *dy = q->dy + ((ptrdiff_t)h * d->out_width + w) * pixel + q->c;
    if (r_first == 0 && h + q->fetch_rows < q->fetch_end)
        fetch(q, h + q->fetch_rows, w, stride, n);
    vec g[GROUP];
#pragma GCC unroll 4
    for (int i = 0; i < n; i++)
        g[i] = take(dy + i * pixel, q->lanes, careful);
#pragma GCC unroll 5
    for (int r = 0; r < tap_rows; r++) {
        if (up + r < 0 || up + r >= d->height)
            continue;
        const ptrdiff_t at = ((ptrdiff_t)(up + r) * d->width + left) * pixel + q->c;
#pragma GCC unroll 16
        for (int j = 0; j < (n - 1) * stride + kernel; j++) {
            if (careful && (left + j < 0 || left + j >= d->width))
                continue;
            const vec x = take(q->x + (at + j * pixel), q->lanes, careful);
#pragma GCC unroll 4
            for (int i = 0; i < n; i++)
                if (j >= i * stride && j < i * stride + kernel)
                    sum[r][j - i * stride] += g[i] * x;
        }
    }
}

static inline __attribute__((always_inline)) void tap_rows_of(const struct rows *q, int kernel,
                                                              int stride, int r_first, int tap_rows)
{
    const struct kernels_depthwise *d = q->d;
    vec sum[5][5];
#pragma GCC unroll 5
    for (int r = 0; r < tap_rows; r++)
#pragma GCC unroll 5
        for (int s = 0; s < kernel; s++)
            sum[r][s] = (vec){0};
    for (int h = q->first; h < q->end; h++) {
        int w = 0;
        for (; w + GROUP <= d->out_width; w += GROUP)
            if (q->lanes == LANES && w * stride >= d->left &&
                w * stride - d->left + (GROUP - 1) * stride + kernel <= d->width)
                group(sum, q, h, w, kernel, stride, r_first, tap_rows, GROUP, false);
            else
                group(sum, q, h, w, kernel, stride, r_first, tap_rows, GROUP, true);
        for (; w < d->out_width; w++)
            group(sum, q, h, w, kernel, stride, r_first, tap_rows, 1, true);
    }
    float *dw = q->dw + (ptrdiff_t)r_first * kernel * d->channels + q->c;
#pragma GCC unroll 5
    for (int r = 0; r < tap_rows; r++)
#pragma GCC unroll 5
        for (int s = 0; s < kernel; s++) {
            float *out = dw + (ptrdiff_t)(r * kernel + s) * d->channels;
            store_first(out, load_first(out, q->lanes) + sum[r][s], q->lanes);
        }
}

static inline __attribute__((always_inline)) void all_taps(const struct rows *q, int kernel,
                                                           int stride)
{
    const int tap_rows = kernel == 3 ? 3 : TAP_ROWS_5;
#pragma GCC unroll 5
    for (int r = 0; r < kernel; r += tap_rows)
        tap_rows_of(q, kernel, stride, r, smaller(tap_rows, kernel - r));
}

static void taps_3_1(const struct rows *q)
{
    all_taps(q, 3, 1);
}

static void taps_3_2(const struct rows *q)
{
    all_taps(q, 3, 2);
}

static void taps_5_1(const struct rows *q)
{
    all_taps(q, 5, 1);
}

static void taps_5_2(const struct rows *q)
{
    all_taps(q, 5, 2);
}

/* Any kernel, any stride: tap by tap. */
static void taps_any(const struct rows *q)
{
    const struct kernels_depthwise *d = q->d;
    for (int tap = 0; tap < d->kernel * d->kernel; tap++) {
        vec sum = {0};
        for (int h = q->first; h < q->end; h++) {
            const int row = h * d->stride - d->top + tap / d->kernel;
            if (row < 0 || row >= d->height)
                continue;
            for (int w = 0; w < d->out_width; w++) {
                const int column = w * d->stride - d->left + tap % d->kernel;
                if (column < 0 || column >= d->width)
                    continue;
                const ptrdiff_t in = ((ptrdiff_t)row * d->width + column) * d->channels + q->c;
                const ptrdiff_t out = ((ptrdiff_t)h * d->out_width + w) * d->channels + q->c;
                sum += load_first(q->dy + out, q->lanes) * load_first(q->x + in, q->lanes);
            }
        }
        float *dw = q->dw + (ptrdiff_t)tap * d->channels + q->c;
        store_first(dw, load_first(dw, q->lanes) + sum, q->lanes);
    }
}

/* What to ask for: the next block, or in the only one other channels. */
static void fetch_plan(struct rows *q, int first, int block, int end, bool is_first)
{
    const bool is_last = first + block >= end;
    q->fetch_rows = is_last ? 0 : block;
    q->fetch_c = is_last ? q->c + 4 * LINE : q->c;
    if (q->c % LINE == 0 && q->fetch_c < q->d->channels && (is_first || !is_last))
        q->fetch_end = end;
}

void KERNEL(depthwise_weights_sweep)(float *dw, const float *x, const float *dy,
                                     const struct kernels_depthwise *d, int first_row, int n_rows,
                                     bool accumulate)
{
    const bool one = d->stride == 1, two = d->stride == 2;
    void (*taps)(const struct rows *) = d->kernel == 3 && one   ? taps_3_1
                                        : d->kernel == 3 && two ? taps_3_2
                                        : d->kernel == 5 && one ? taps_5_1
                                        : d->kernel == 5 && two ? taps_5_2
                                                                : taps_any;
    const size_t channels = (size_t)d->channels;
    if (!accumulate)
        memset(dw, 0, sizeof *dw * (size_t)(d->kernel * d->kernel) * channels);
    const size_t bytes = sizeof *x * channels * (size_t)(d->stride * d->width + d->out_width);
    const int run = RUN / d->out_width + 1, end = first_row + n_rows;
    const int block = ((int)(BLOCK_BYTES / bytes) / run + 1) * run; /* whole runs */
    for (int first = first_row; first < end; first += block)
        for (ptrdiff_t c = 0; c < d->channels; c += LANES) {
            struct rows q = {.dw = dw, .x = x, .dy = dy, .d = d, .c = c, .lanes = LANES};
            if (d->channels - c < LANES)
                q.lanes = (int)(d->channels - c);
            fetch_plan(&q, first, block, end, first == first_row);
            for (int h = first; h < smaller(first + block, end); h += run) {
                q.first = h;
                q.end = smaller(smaller(h + run, first + block), end);
                taps(&q);
            }
        }
}
