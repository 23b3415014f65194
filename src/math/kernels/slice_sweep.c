/* Sums of channel slices: what lies between them is neither read nor written. */
#include "math/kernels/level.h"

static inline __attribute__((always_inline)) vec sum_first(const float *a, const float *b,
                                                           int lanes)
{
    return b ? load_first(a, lanes) + load_first(b, lanes) : load_first(a, lanes);
}

static inline __attribute__((always_inline)) void add(float *out, size_t out_pitch, const float *a,
                                                      size_t a_pitch, const float *b,
                                                      size_t b_pitch, size_t pixels, int channels)
{
    int whole = channels / LANES * LANES;
    for (size_t p = 0; p < pixels;
         p++, out += out_pitch, a += a_pitch, b = b ? b + b_pitch : NULL) {
        for (int c = 0; c < whole; c += LANES)
            store(out + c, b ? load(a + c) + load(b + c) : load(a + c));
        if (whole < channels)
            store_first(out + whole, sum_first(a + whole, b ? b + whole : NULL, channels - whole),
                        channels - whole);
    }
}

void KERNEL(slice_sweep_add)(float *out, size_t out_pitch, const float *a, size_t a_pitch,
                             const float *b, size_t b_pitch, size_t pixels, int channels)
{
    if (b)
        add(out, out_pitch, a, a_pitch, b, b_pitch, pixels, channels);
    else
        add(out, out_pitch, a, a_pitch, NULL, 0, pixels, channels);
}
