/* The four passes of a normalisation, two in each direction.
 *
 * Sums run over pixels with channels side by side in a register, in float32 over blocks of BLOCK
 * pixels and from there in double: short float sums lose nothing that matters, and long ones would.
 * Channels past the last whole register are summed in double from the start. */
#include "math/kernels/activation.h"
#include "math/kernels/doubles.h"
#include "math/kernels/level.h"

enum { BLOCK = 64, WIDE = 4 };

static inline void add_to_double(double *sum, vec v)
{
    for (int i = 0; i < LANES; i++)
        sum[i] += (double)v[i];
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
                vec d = load(z + p * stride + (size_t)i * LANES) - first[i];
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

/* n channels, fewer than a register has. */
static void moments_tail(double *mean, double *m2, const float *z, size_t pixels, size_t stride,
                         int n)
{
    const struct doubles shift = doubles_of(load_first(z, n));
    struct doubles sum = {0}, square = {0};
    for (size_t p = 0; p < pixels; p++) {
        const struct doubles v = doubles_of(load_first(z + p * stride, n));
        for (int i = 0; i < 2; i++) {
            const double_vec d = v.half[i] - shift.half[i];
            sum.half[i] += d;
            square.half[i] += d * d;
        }
    }
    for (int c = 0; c < n; c++) {
        const double s = doubles_at(&sum, c), q = doubles_at(&square, c);
        mean[c] = (double)z[c] + s / (double)pixels;
        m2[c] = q - s * (s / (double)pixels);
        if (m2[c] < 0)
            m2[c] = 0;
    }
}

void KERNEL(norm_sweep_moments)(double *mean, double *m2, const float *z, size_t pixels,
                                int channels)
{
    int c = 0;
    for (; c + WIDE * LANES <= channels; c += WIDE * LANES)
        moments_of(mean + c, m2 + c, z + c, pixels, (size_t)channels, WIDE);
    for (; c + LANES <= channels; c += LANES)
        moments_of(mean + c, m2 + c, z + c, pixels, (size_t)channels, 1);
    if (c < channels)
        moments_tail(mean + c, m2 + c, z + c, pixels, (size_t)channels, channels - c);
}

static inline __attribute__((always_inline)) void
apply(float *y, const float *z, const float *residual, const float *scale, const float *shift,
      size_t pixels, int channels, size_t pitch, enum kernels_activation activation)
{
    int whole = channels / LANES * LANES;
    for (size_t p = 0; p < pixels; p++) {
        size_t at = p * (size_t)channels, to = p * pitch;
        for (int c = 0; c < whole; c += LANES) {
            const size_t here = to + (size_t)c;
            vec v = load(z + at + (size_t)c) * load(scale + c) + load(shift + c);
            if (residual)
                v += load(residual + here);
            store(y + here, activation_of(v, activation));
        }
        if (whole < channels) {
            const int n = channels - whole;
            const size_t here = to + (size_t)whole;
            vec v = load_first(z + at + (size_t)whole, n) * load_first(scale + whole, n) +
                    load_first(shift + whole, n);
            if (residual)
                v += load_first(residual + here, n);
            store_first(y + here, activation_of(v, activation), n);
        }
    }
}

void KERNEL(norm_sweep_apply)(float *y, const float *z, const float *residual, const float *scale,
                              const float *shift, size_t pixels, int channels, size_t pitch,
                              enum kernels_activation activation)
{
    if (activation == KERNELS_RELU)
        apply(y, z, residual, scale, shift, pixels, channels, pitch, KERNELS_RELU);
    else if (activation == KERNELS_RELU6)
        apply(y, z, residual, scale, shift, pixels, channels, pitch, KERNELS_RELU6);
    else
        apply(y, z, residual, scale, shift, pixels, channels, pitch, KERNELS_NONE);
}

static inline __attribute__((always_inline)) void
backward_sums_of(double *sum_g, double *sum_gx, float *g, const float *y, const float *z,
                 const float *mean, size_t pixels, size_t stride, size_t pitch, int wide,
                 enum kernels_activation activation)
{
    for (int c = 0; c < wide * LANES; c++)
        sum_g[c] = sum_gx[c] = 0;
    for (size_t p = 0; p < pixels;) {
        size_t end = p + BLOCK < pixels ? p + BLOCK : pixels;
        vec s[WIDE] = {0}, q[WIDE] = {0};
        for (; p < end; p++)
#pragma GCC unroll 4
            for (int i = 0; i < wide; i++) {
                size_t here = p * pitch + (size_t)i * LANES;
                vec v = load(g + here);
                if (activation != KERNELS_NONE) {
                    v = activation_gradient(v, load(y + here), activation);
                    store(g + here, v);
                }
                s[i] += v;
                q[i] += v * (load(z + p * stride + (size_t)i * LANES) - load(mean + i * LANES));
            }
        for (int i = 0; i < wide; i++) {
            add_to_double(sum_g + i * LANES, s[i]);
            add_to_double(sum_gx + i * LANES, q[i]);
        }
    }
}

/* n channels, fewer than a register has. */
static inline __attribute__((always_inline)) void
backward_sums_tail(double *sum_g, double *sum_gx, float *g, const float *y, const float *z,
                   const float *mean, size_t pixels, size_t stride, size_t pitch, int n,
                   enum kernels_activation activation)
{
    const struct doubles middle = doubles_of(load_first(mean, n));
    struct doubles s = {0}, q = {0};
    for (size_t p = 0; p < pixels; p++) {
        vec v = load_first(g + p * pitch, n);
        if (activation != KERNELS_NONE) {
            v = activation_gradient(v, load_first(y + p * pitch, n), activation);
            store_first(g + p * pitch, v, n);
        }
        const struct doubles d = doubles_of(v), x = doubles_of(load_first(z + p * stride, n));
        for (int i = 0; i < 2; i++) {
            s.half[i] += d.half[i];
            q.half[i] += d.half[i] * (x.half[i] - middle.half[i]);
        }
    }
    for (int c = 0; c < n; c++) {
        sum_g[c] = doubles_at(&s, c);
        sum_gx[c] = doubles_at(&q, c);
    }
}

static inline __attribute__((always_inline)) void
backward_sums(double *sum_g, double *sum_gx, float *g, const float *y, const float *z,
              const float *mean, size_t pixels, int channels, size_t pitch,
              enum kernels_activation activation)
{
    const size_t stride = (size_t)channels;
    int first = 0;
    for (; first + WIDE * LANES <= channels; first += WIDE * LANES)
        backward_sums_of(sum_g + first, sum_gx + first, g + first, y + first, z + first,
                         mean + first, pixels, stride, pitch, WIDE, activation);
    for (; first + LANES <= channels; first += LANES)
        backward_sums_of(sum_g + first, sum_gx + first, g + first, y + first, z + first,
                         mean + first, pixels, stride, pitch, 1, activation);
    if (first < channels)
        backward_sums_tail(sum_g + first, sum_gx + first, g + first, y + first, z + first,
                           mean + first, pixels, stride, pitch, channels - first, activation);
}

void KERNEL(norm_sweep_backward_sums)(double *sum_g, double *sum_gx, float *g, const float *y,
                                      const float *z, const float *mean, size_t pixels,
                                      int channels, size_t pitch,
                                      enum kernels_activation activation)
{
    if (activation == KERNELS_RELU)
        backward_sums(sum_g, sum_gx, g, y, z, mean, pixels, channels, pitch, KERNELS_RELU);
    else if (activation == KERNELS_RELU6)
        backward_sums(sum_g, sum_gx, g, y, z, mean, pixels, channels, pitch, KERNELS_RELU6);
    else /* y is not read: any address will do */
        backward_sums(sum_g, sum_gx, g, g, z, mean, pixels, channels, pitch, KERNELS_NONE);
}

void KERNEL(norm_sweep_backward_apply)(float *dz, const float *g, const float *z, const float *mean,
                                       const float *a, const float *b, const float *d,
                                       size_t pixels, int channels, size_t pitch)
{
    int whole = channels / LANES * LANES;
    for (size_t p = 0; p < pixels; p++) {
        size_t at = p * (size_t)channels, from = p * pitch;
        for (int c = 0; c < whole; c += LANES) {
            const size_t here = at + (size_t)c;
            store(dz + here, load(a + c) * load(g + from + (size_t)c) +
                                 load(b + c) * (load(z + here) - load(mean + c)) + load(d + c));
        }
        if (whole < channels) {
            const int n = channels - whole;
            const size_t here = at + (size_t)whole;
            store_first(dz + here,
                        load_first(a + whole, n) * load_first(g + from + (size_t)whole, n) +
                            load_first(b + whole, n) *
                                (load_first(z + here, n) - load_first(mean + whole, n)) +
                            load_first(d + whole, n),
                        n);
        }
    }
}

void KERNEL(norm_sweep_activation_backward)(float *restrict g, const float *restrict y, size_t n,
                                            enum kernels_activation activation)
{
    if (activation == KERNELS_RELU)
        for (size_t i = 0; i < n; i++)
            g[i] = activation_gradient_of_one(g[i], y[i], KERNELS_RELU);
    else if (activation == KERNELS_RELU6)
        for (size_t i = 0; i < n; i++)
            g[i] = activation_gradient_of_one(g[i], y[i], KERNELS_RELU6);
}
