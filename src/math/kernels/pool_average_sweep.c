/* Average pool forward and backward over rows, channels innermost: a register of channels at a
 * time, so that each sum is written once. */
#include "math/kernels/level.h"

#include <string.h>

/* Positions lo..hi - 1 of an axis. */
struct range {
    int lo, hi;
};

static inline struct range window(int at, int kernel, int size)
{
    struct range r = {at < 0 ? 0 : at, at + kernel > size ? size : at + kernel};
    return r;
}

static inline int length(struct range r)
{
    return r.hi - r.lo;
}

/* By how many pixels the sum of output (oh, ow) is divided, inverted. */
static inline float share(const struct kernels_average *p, int oh, int ow)
{
    int m = p->counted;
    struct range rows = window(oh * p->stride - p->top + m, p->kernel, p->height + 2 * m),
                 columns = window(ow * p->stride - p->left + m, p->kernel, p->width + 2 * m);
    return 1.0f / (float)(length(rows) * length(columns));
}

static inline __attribute__((always_inline)) vec load_lanes(const float *p, int n)
{
    return n < LANES ? load_first(p, n) : load(p);
}

static inline __attribute__((always_inline)) void store_lanes(float *p, vec v, int n)
{
    if (n < LANES)
        store_first(p, v, n);
    else
        store(p, v);
}

static void average(float *y, const float *x, const struct kernels_average *p, struct range rows,
                    struct range columns, float factor)
{
    for (int c = 0; c < p->channels; c += LANES) {
        int n = p->channels - c;
        vec sum = {0};
        for (int h = rows.lo; h < rows.hi; h++)
            for (int w = columns.lo; w < columns.hi; w++)
                sum +=
                    load_lanes(x + ((size_t)h * (size_t)p->width + (size_t)w) * p->in_pitch + c, n);
        store_lanes(y + c, sum * factor, n);
    }
}

void KERNEL(pool_average_sweep)(float *y, const float *x, const struct kernels_average *p,
                                int first_row, int n_rows)
{
    for (int oh = first_row; oh < first_row + n_rows; oh++) {
        struct range rows = window(oh * p->stride - p->top, p->kernel, p->height);
        float *to = y + (size_t)oh * (size_t)p->out_width * p->out_pitch;
        for (int ow = 0; ow < p->out_width; ow++, to += p->out_pitch)
            average(to, x, p, rows, window(ow * p->stride - p->left, p->kernel, p->width),
                    share(p, oh, ow));
    }
}

/* The outputs whose windows hold the position `at` (counted from where the first window begins). */
static inline struct range holders(int at, int kernel, int stride, int out)
{
    int last = at / stride + 1, before = at - kernel;
    struct range r = {before < 0 ? 0 : before / stride + 1, last > out ? out : last};
    return r;
}

/* dx += dy * factor. */
static void add(float *restrict dx, const float *restrict dy, float factor, int channels)
{
    for (int c = 0; c < channels; c += LANES) {
        int n = channels - c;
        store_lanes(dx + c, load_lanes(dx + c, n) + load_lanes(dy + c, n) * factor, n);
    }
}

static void gather(float *dx, const float *dy, const struct kernels_average *p, struct range rows,
                   struct range columns)
{
    for (int oh = rows.lo; oh < rows.hi; oh++)
        for (int ow = columns.lo; ow < columns.hi; ow++) {
            size_t at = ((size_t)oh * (size_t)p->out_width + (size_t)ow) * p->out_pitch;
            add(dx, dy + at, share(p, oh, ow), p->channels);
        }
}

void KERNEL(pool_average_sweep_backward)(float *dx, const float *dy,
                                         const struct kernels_average *p, int first_row, int n_rows,
                                         bool accumulate)
{
    for (int h = first_row; h < first_row + n_rows; h++) {
        struct range rows = holders(h + p->top, p->kernel, p->stride, p->out_height);
        float *to = dx + (size_t)h * (size_t)p->width * p->in_pitch;
        for (int w = 0; w < p->width; w++, to += p->in_pitch) {
            if (!accumulate)
                memset(to, 0, (size_t)p->channels * sizeof *to);
            gather(to, dy, p, rows, holders(w + p->left, p->kernel, p->stride, p->out_width));
        }
    }
}
