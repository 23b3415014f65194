/* Backward of a normalisation with fixed statistics, in one sweep.
 *
 * Sums as in norm_sweep.c: in float32 over blocks of BLOCK pixels, and from there in double. A
 * block goes over all channels before the next one begins, so that memory is read on and on. */
#include "math/kernels/activation.h"
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

/* Channels past the last whole register: one by one, in double. */
static inline void block_of_one(const struct sweep *s, size_t first, size_t end, size_t c,
                                enum kernels_activation activation)
{
    for (size_t p = first; p < end; p++) {
        const size_t at = p * s->channels + c, here = p * s->pitch + c;
        float v = s->g[here];
        if (activation != KERNELS_NONE)
            v = activation_gradient_of_one(v, s->y[here], activation);
        s->sum_g[c] += v;
        s->sum_gx[c] += v * ((double)s->z[at] - s->mean[c]);
        if (s->masked)
            s->masked[here] = v;
        s->dz[at] = v * s->scale[c];
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
        for (; c < s->channels; c++)
            block_of_one(s, first, end, c, activation);
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
