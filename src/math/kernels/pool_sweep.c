/* Max-pool forward and backward over rows, channels innermost. */
#include "math/kernels/level.h"

#include <math.h>
#include <string.h>

static size_t at_pixel(int row, int column, int width, int channels)
{
    return ((size_t)row * (size_t)width + (size_t)column) * (size_t)channels;
}

/* Whether a pixel takes the place of the best so far: a larger one does, and the first NaN, which
 * keeps it. */
static inline bool wins(float in, float best)
{
    return !(in <= best) & (best == best);
}

/* The first pixel of the image in a window that begins at `at`: what it keeps when all are -inf.
 */
static int first_inside(int at)
{
    return at < 0 ? -at : 0;
}

void KERNEL(pool_sweep_max)(float *y, uint8_t *argmax, const float *x, const struct kernels_pool *p,
                            int first_row, int n_rows)
{
    const int channels = p->channels;
    for (int oh = first_row; oh < first_row + n_rows; oh++) {
        for (int ow = 0; ow < p->out_width; ow++) {
            size_t at = at_pixel(oh, ow, p->out_width, channels);
            float *restrict best = y + at;
            uint8_t *restrict which = argmax ? argmax + at : NULL;
            for (int c = 0; c < channels; c++)
                best[c] = -INFINITY;
            if (which)
                memset(which,
                       first_inside(oh * p->stride - p->pad) * p->kernel +
                           first_inside(ow * p->stride - p->pad),
                       (size_t)channels);
            for (int r = 0; r < p->kernel; r++) {
                int h = oh * p->stride + r - p->pad;
                if (h < 0 || h >= p->height)
                    continue;
                for (int s = 0; s < p->kernel; s++) {
                    int w = ow * p->stride + s - p->pad;
                    if (w < 0 || w >= p->width)
                        continue;
                    const float *restrict in = x + at_pixel(h, w, p->width, channels);
                    const uint8_t tap = (uint8_t)(r * p->kernel + s);
                    /* Two loops: each vectorises for its own width. */
                    if (which)
                        for (int c = 0; c < channels; c++)
                            which[c] = wins(in[c], best[c]) ? tap : which[c];
                    for (int c = 0; c < channels; c++)
                        best[c] = wins(in[c], best[c]) ? in[c] : best[c];
                }
            }
        }
    }
}

/* dx of one input pixel: the windows that hold it, in row-major order. */
static void gather(float *restrict dx, const float *dy, const uint8_t *argmax,
                   const struct kernels_pool *p, int h, int w)
{
    const int channels = p->channels;
    memset(dx, 0, (size_t)channels * sizeof *dx);
    for (int r = p->kernel - 1; r >= 0; r--) {
        int top = h + p->pad - r;
        if (top < 0 || top % p->stride != 0 || top / p->stride >= p->out_height)
            continue;
        for (int s = p->kernel - 1; s >= 0; s--) {
            int left = w + p->pad - s;
            if (left < 0 || left % p->stride != 0 || left / p->stride >= p->out_width)
                continue;
            size_t at = at_pixel(top / p->stride, left / p->stride, p->out_width, channels);
            const float *restrict d = dy + at;
            const uint8_t *restrict which = argmax + at;
            const uint8_t tap = (uint8_t)(r * p->kernel + s);
            for (int c = 0; c < channels; c++)
                dx[c] += which[c] == tap ? d[c] : 0.0f;
        }
    }
}

void KERNEL(pool_sweep_max_backward)(float *dx, const float *dy, const uint8_t *argmax,
                                     const struct kernels_pool *p, int first_row, int n_rows)
{
    for (int h = first_row; h < first_row + n_rows; h++)
        for (int w = 0; w < p->width; w++)
            gather(dx + at_pixel(h, w, p->width, p->channels), dy, argmax, p, h, w);
}
