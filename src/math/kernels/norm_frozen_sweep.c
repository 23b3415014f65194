/* Backward of a normalisation with fixed statistics, in one sweep.
 *
 * Sums as in norm_sweep.c: in float32 over blocks of BLOCK pixels, and from there in double. A
 * block goes over all channels before the next one begins, so that memory is read on and on. */
#include "math/kernels/activation.h"
#include "math/kernels/doubles.h"
#include "math/kernels/level.h"

enum { BLOCK = 64, WIDE = 4 };

struct sweep {
    float *dz, *masked;
    double *sum_g, *sum_gx;
    const float *g, *y, *z, *mean, *scale;
    size_t channels, pitch;
};

static inline void add_to_double(double *sum, vec v)
{
    for (int i = 0; i < LANES; i++)
        sum[i] += (double)v[i];
}

/* `wide` registers of channels from c on, of pixels first .. end - 1. */
static inline __attribute__((always_inline)) void block_of(const struct sweep *s, size_t first,
                                                           size_t end, size_t c, int wide,
                                                           enum kernels_activation activation)
{
    vec sum_g[WIDE] = {0}, sum_gx[WIDE] = {0}, mean[WIDE], scale[WIDE];
#pragma GCC unroll 4
    for (int i = 0; i < wide; i++) {
        mean[i] = load(s->mean + c + (size_t)i * LANES);
        scale[i] = load(s->scale + c + (size_t)i * LANES);
    }
    for (size_t p = first; p < end; p++)
#pragma GCC unroll 4
        for (int i = 0; i < wide; i++) {
            const size_t at = p * s->channels + c + (size_t)i * LANES;
            const size_t here = p * s->pitch + c + (size_t)i * LANES;
            vec v = load(s->g + here);
            if (activation != KERNELS_NONE)
                v = activation_gradient(v, load(s->y + here), activation);
            sum_g[i] += v;
            sum_gx[i] += v * (load(s->z + at) - mean[i]);
            if (s->masked)
                store(s->masked + here, v);
            store(s->dz + at, v * scale[i]);
        }
    for (int i = 0; i < wide; i++) {
        add_to_double(s->sum_g + c + (size_t)i * LANES, sum_g[i]);
        add_to_double(s->sum_gx + c + (size_t)i * LANES, sum_gx[i]);
    }
}

/* The n channels past the last whole register: in double from the start. */
static inline __attribute__((always_inline)) void block_tail(const struct sweep *s, size_t first,
                                                             size_t end, size_t c, int n,
                                                             enum kernels_activation activation)
{
    const vec scale = load_first(s->scale + c, n);
    const struct doubles mean = doubles_of(load_first(s->mean + c, n));
    struct doubles sum_g = doubles_from(s->sum_g + c, n), sum_gx = doubles_from(s->sum_gx + c, n);
    for (size_t p = first; p < end; p++) {
        const size_t at = p * s->channels + c, here = p * s->pitch + c;
        vec v = load_first(s->g + here, n);
        if (activation != KERNELS_NONE)
            v = activation_gradient(v, load_first(s->y + here, n), activation);
        const struct doubles d = doubles_of(v), x = doubles_of(load_first(s->z + at, n));
        for (int i = 0; i < 2; i++) {
            sum_g.half[i] += d.half[i];
            sum_gx.half[i] += d.half[i] * (x.half[i] - mean.half[i]);
        }
        if (s->masked)
            store_first(s->masked + here, v, n);
        store_first(s->dz + at, v * scale, n);
    }
    for (int i = 0; i < n; i++) {
        s->sum_g[c + (size_t)i] = doubles_at(&sum_g, i);
        s->sum_gx[c + (size_t)i] = doubles_at(&sum_gx, i);
    }
}

static inline __attribute__((always_inline)) void run(const struct sweep *s, size_t pixels,
                                                      enum kernels_activation activation)
{
    for (size_t c = 0; c < s->channels; c++)
        s->sum_g[c] = s->sum_gx[c] = 0;
    for (size_t first = 0; first < pixels; first += BLOCK) {
        const size_t end = first + BLOCK < pixels ? first + BLOCK : pixels;
        size_t c = 0;
        for (; c + WIDE * LANES <= s->channels; c += WIDE * LANES)
            block_of(s, first, end, c, WIDE, activation);
        for (; c + LANES <= s->channels; c += LANES)
            block_of(s, first, end, c, 1, activation);
        if (c < s->channels)
            block_tail(s, first, end, c, (int)(s->channels - c), activation);
    }
}

void KERNEL(norm_frozen_sweep)(float *dz, float *masked, double *sum_g, double *sum_gx,
                               const float *g, const float *y, const float *z, const float *mean,
                               const float *scale, size_t pixels, int channels, size_t pitch,
                               enum kernels_activation activation)
{
    const struct sweep s = {dz, masked, sum_g, sum_gx,           g,    y,
                            z,  mean,   scale, (size_t)channels, pitch};
    if (activation == KERNELS_RELU)
        run(&s, pixels, KERNELS_RELU);
    else if (activation == KERNELS_RELU6)
        run(&s, pixels, KERNELS_RELU6);
    else
        run(&s, pixels, KERNELS_NONE);
}
