#include "nn/conv/conv2d_method.h"

#include "base/parallel.h"
#include "math/kernels.h"

const struct conv2d_method *const conv2d_methods[CONV2D_KINDS] = {
    [CONV2D_IM2COL] = &conv2d_im2col,
    [CONV2D_DIRECT] = &conv2d_direct,
    [CONV2D_WINOGRAD] = &conv2d_winograd,
    [CONV2D_DEPTHWISE] = &conv2d_depthwise,
};

void conv2d_method_finish(const struct conv2d_finish *f, const float *z, struct shape out,
                          int sample, int first, int rows)
{
    size_t row = (size_t)first * (size_t)out.width,
           pixel = (size_t)sample * shape_pixels(out) + row;
    size_t pitch = (size_t)f->y_pitch, at = pixel * pitch;
    kernels_get()->norm_apply(f->y + at, z + row * (size_t)out.channels,
                              f->residual ? f->residual + at : NULL, f->epilogue.scale,
                              f->epilogue.shift, (size_t)rows * (size_t)out.width, out.channels,
                              pitch, f->epilogue.activation);
}

void conv2d_method_mask(const struct conv2d_below *below, double *sum, float *dx, const float *x,
                        size_t pixels, int channels, bool is_first)
{
    double *here = is_first ? sum : sum + channels;
    float *out = below->activation == KERNELS_NONE ? NULL : dx;
    kernels_get()->mask(out, NULL, here, dx, x, pixels, channels, (size_t)channels,
                        below->activation);
    for (int c = 0; c < channels && !is_first; c++)
        sum[c] += here[c];
}

struct below_job {
    const struct conv2d_below *below;
    const double *sums;
    size_t channels;
    int n_parts;
};

static void sum_below_some(void *context, size_t first, size_t n)
{
    const struct below_job *j = context;
    double *sum = j->below->sum + first;
    for (size_t c = 0; c < n; c++)
        sum[c] = 0;
    for (int i = 0; i < j->n_parts; i++) { /* row by row, as they lie */
        const double *row = j->sums + (size_t)(2 * i) * j->channels + first;
        for (size_t c = 0; c < n; c++)
            sum[c] += row[c];
    }
}

void conv2d_method_sum_below(const struct conv2d_below *below, const double *sums, int channels,
                             int n_parts)
{
    enum { CHANNELS = 128 };
    struct below_job j = {below, sums, (size_t)channels, n_parts};
    parallel_floats(sum_below_some, &j, (size_t)channels, CHANNELS);
}

enum { PIECE_FLOATS = 2 * 1024 }; /* of the sum: RANGES times as many are read */

struct job {
    float *out;
    const float *parts;
    size_t n;
    int n_parts;
};

static void sum_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    kernels_get()->sum_parts(j->out + first, j->parts + first, n, j->n_parts, j->n);
}

void conv2d_method_sum(float *out, const float *parts, size_t n, int n_parts)
{
    struct job j = {out, parts, n, n_parts};
    parallel_floats(sum_some, &j, n, PIECE_FLOATS);
}
