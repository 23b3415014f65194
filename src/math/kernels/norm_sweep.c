/* The four passes of a normalisation, two in each direction.
 *
 * Sums run over pixels with channels side by side in a register, in float32 over blocks of BLOCK
 * pixels and from there in double: short float sums lose nothing that matters, and long ones would.
 * Channels past the last whole register are summed one by one, in double. */
#include "math/kernels/level.h"

#include <string.h>

typedef int mask __attribute__((vector_size(4 * LANES)));

enum { BLOCK = 64, WIDE = 4 };

static inline void add_to_double(double *sum, vec v)
{
    for (int i = 0; i < LANES; i++)
        sum[i] += (double)v[i];
}

/* max(v, 0), and v itself where it is NaN: a broken number must reach the loss, where it is
 * reported. */
static inline vec relu_of(vec v)
{
    return (vec)((mask)v & ~(mask)(v < 0.0f));
}

/* g where y > 0, else 0. */
static inline vec where_positive(vec g, vec y)
{
    return (vec)((mask)g & (mask)(y > 0.0f));
}

/* `wide` registers of channels side by side: pixels are then read in longer stretches. */
static inline __attribute__((always_inline)) void
moments_of(double *mean, double *m2, const float *z, size_t pixels, size_t stride, int wide)
{
    double sum[WIDE * LANES] = {0}, square[WIDE * LANES] = {0};
    vec first[WIDE]; /* shifted by a value of the data: no cancellation when |mean| >> deviation */
#pragma GCC unroll 4
    for (int i = 0; i < wide; i++)
        first[i] = load(z + i * LANES);
    for (size_t p = 0; p < pixels;) {
        size_t end = p + BLOCK < pixels ? p + BLOCK : pixels;
        vec s[WIDE] = {0}, q[WIDE] = {0};
        for (; p < end; p++)
#pragma GCC unroll 4
            for (int i = 0; i < wide; i++) {
                vec d = load(z + p * stride + i * LANES) - first[i];
                s[i] += d;
                q[i] += d * d;
            }
        for (int i = 0; i < wide; i++) {
            add_to_double(sum + i * LANES, s[i]);
            add_to_double(square + i * LANES, q[i]);
        }
    }
    for (int c = 0; c < wide * LANES; c++) {
        double d = sum[c] / (double)pixels;
        mean[c] = (double)z[c] + d;
        m2[c] = square[c] - sum[c] * d;
        if (m2[c] < 0)
            m2[c] = 0;
    }
}

static void moments_tail(double *mean, double *m2, const float *z, size_t pixels, int channels,
                         int first)
{
    int n = channels - first;
    for (int c = 0; c < n; c++) {
        double shift = z[first + c], sum = 0, square = 0;
        for (size_t p = 0; p < pixels; p++) {
            double d = z[p * channels + first + c] - shift;
            sum += d;
            square += d * d;
        }
        mean[first + c] = shift + sum / (double)pixels;
        m2[first + c] = square - sum * (sum / (double)pixels);
        if (m2[first + c] < 0)
            m2[first + c] = 0;
    }
}

void KERNEL(norm_sweep_moments)(double *mean, double *m2, const float *z, size_t pixels,
                                int channels)
{
    int c = 0;
    for (; c + WIDE * LANES <= channels; c += WIDE * LANES)
        moments_of(mean + c, m2 + c, z + c, pixels, channels, WIDE);
    for (; c + LANES <= channels; c += LANES)
        moments_of(mean + c, m2 + c, z + c, pixels, channels, 1);
    moments_tail(mean, m2, z, pixels, channels, c);
}

void KERNEL(norm_sweep_apply)(float *y, const float *z, const float *residual, const float *scale,
                              const float *shift, size_t pixels, int channels, bool relu)
{
    int whole = channels / LANES * LANES;
    for (size_t p = 0; p < pixels; p++) {
        size_t at = p * channels;
        for (int c = 0; c < whole; c += LANES) {
            vec v = load(z + at + c) * load(scale + c) + load(shift + c);
            if (residual)
                v += load(residual + at + c);
            store(y + at + c, relu ? relu_of(v) : v);
        }
        for (int c = whole; c < channels; c++) {
            float v = z[at + c] * scale[c] + shift[c];
            if (residual)
                v += residual[at + c];
            y[at + c] = relu && v < 0 ? 0 : v;
        }
    }
}

static inline __attribute__((always_inline)) void
backward_sums_of(double *sum_g, double *sum_gx, float *g, const float *y, const float *z,
                 const float *mean, size_t pixels, size_t stride, int wide)
{
    memset(sum_g, 0, wide * LANES * sizeof *sum_g);
    memset(sum_gx, 0, wide * LANES * sizeof *sum_gx);
    for (size_t p = 0; p < pixels;) {
        size_t end = p + BLOCK < pixels ? p + BLOCK : pixels;
        vec s[WIDE] = {0}, q[WIDE] = {0};
        for (; p < end; p++)
#pragma GCC unroll 4
            for (int i = 0; i < wide; i++) {
                size_t at = p * stride + i * LANES;
                vec v = load(g + at);
                if (y) {
                    v = where_positive(v, load(y + at));
                    store(g + at, v);
                }
                s[i] += v;
                q[i] += v * (load(z + at) - load(mean + i * LANES));
            }
        for (int i = 0; i < wide; i++) {
            add_to_double(sum_g + i * LANES, s[i]);
            add_to_double(sum_gx + i * LANES, q[i]);
        }
    }
}

void KERNEL(norm_sweep_backward_sums)(double *sum_g, double *sum_gx, float *g, const float *y,
                                      const float *z, const float *mean, size_t pixels,
                                      int channels)
{
    int first = 0;
    for (; first + WIDE * LANES <= channels; first += WIDE * LANES)
        backward_sums_of(sum_g + first, sum_gx + first, g + first, y ? y + first : NULL, z + first,
                         mean + first, pixels, channels, WIDE);
    for (; first + LANES <= channels; first += LANES)
        backward_sums_of(sum_g + first, sum_gx + first, g + first, y ? y + first : NULL, z + first,
                         mean + first, pixels, channels, 1);
    for (int c = first; c < channels; c++) {
        sum_g[c] = sum_gx[c] = 0;
        for (size_t p = 0; p < pixels; p++) {
            size_t at = p * channels + c;
            if (y && !(y[at] > 0))
                g[at] = 0;
            sum_g[c] += g[at];
            sum_gx[c] += g[at] * ((double)z[at] - mean[c]);
        }
    }
}

void KERNEL(norm_sweep_backward_apply)(float *dz, const float *g, const float *z, const float *mean,
                                       const float *a, const float *b, const float *d,
                                       size_t pixels, int channels)
{
    int whole = channels / LANES * LANES;
    for (size_t p = 0; p < pixels; p++) {
        size_t at = p * channels;
        for (int c = 0; c < whole; c += LANES)
            store(dz + at + c, load(a + c) * load(g + at + c) +
                                   load(b + c) * (load(z + at + c) - load(mean + c)) + load(d + c));
        for (int c = whole; c < channels; c++)
            dz[at + c] = a[c] * g[at + c] + b[c] * (z[at + c] - mean[c]) + d[c];
    }
}

void KERNEL(norm_sweep_relu_backward)(float *restrict g, const float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] = y[i] > 0 ? g[i] : 0.0f;
}
