/* What an activation lets through of a gradient, and its sums by channel, in one sweep.
 *
 * Sums as in norm_sweep.c: in float32 over blocks of BLOCK pixels, and from there in double. A
 * block goes over all channels before the next one begins, so that memory is read on and on. */
#include "math/kernels/activation.h"
#include "math/kernels/doubles.h"
#include "math/kernels/level.h"

enum { BLOCK = 64, WIDE = 4 };

struct sweep {
    float *out, *masked;
    double *sum;
    const float *g, *y;
    size_t channels, pitch;
};

/* `wide` registers of channels from c on, of pixels first .. end - 1. */
static inline __attribute__((always_inline)) void block_of(const struct sweep *s, size_t first,
                                                           size_t end, size_t c, int wide,
                                                           enum kernels_activation activation)
{
    vec sum[WIDE] = {0};
    for (size_t p = first; p < end; p++)
#pragma GCC unroll 4
        for (int i = 0; i < wide; i++) {
            const size_t at = p * s->channels + c + (size_t)i * LANES;
            const size_t here = p * s->pitch + c + (size_t)i * LANES;
            vec v = load(s->g + here);
            if (activation != KERNELS_NONE)
                v = activation_gradient(v, load(s->y + here), activation);
            sum[i] += v;
            if (s->masked)
                store(s->masked + here, v);
            if (s->out)
                store(s->out + at, v);
        }
    for (int i = 0; i < wide; i++)
        for (int j = 0; j < LANES; j++)
            s->sum[c + (size_t)i * LANES + (size_t)j] += (double)sum[i][j];
}

/* The n channels past the last whole register: in double from the start. */
static inline __attribute__((always_inline)) void block_tail(const struct sweep *s, size_t first,
                                                             size_t end, size_t c, int n,
                                                             enum kernels_activation activation)
{
    struct doubles sum = doubles_from(s->sum + c, n);
    for (size_t p = first; p < end; p++) {
        const size_t at = p * s->channels + c, here = p * s->pitch + c;
        vec v = load_first(s->g + here, n);
        if (activation != KERNELS_NONE)
            v = activation_gradient(v, load_first(s->y + here, n), activation);
        const struct doubles d = doubles_of(v);
        for (int i = 0; i < 2; i++)
            sum.half[i] += d.half[i];
        if (s->masked)
            store_first(s->masked + here, v, n);
        if (s->out)
            store_first(s->out + at, v, n);
    }
    for (int i = 0; i < n; i++)
        s->sum[c + (size_t)i] = doubles_at(&sum, i);
}

static inline __attribute__((always_inline)) void run(const struct sweep *s, size_t pixels,
                                                      enum kernels_activation activation)
{
    for (size_t c = 0; c < s->channels; c++)
        s->sum[c] = 0;
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

void KERNEL(mask_sweep)(float *out, float *masked, double *sum, const float *g, const float *y,
                        size_t pixels, int channels, size_t pitch,
                        enum kernels_activation activation)
{
    const struct sweep s = {out, masked, sum, g, y, (size_t)channels, pitch};
    if (activation == KERNELS_RELU)
        run(&s, pixels, KERNELS_RELU);
    else if (activation == KERNELS_RELU6)
        run(&s, pixels, KERNELS_RELU6);
    else
        run(&s, pixels, KERNELS_NONE);
}
