/* Average pool: the mean over windows. (Over all pixels: pool_average_forward.) */
#ifndef NN_AVERAGE_POOL_H
#define NN_AVERAGE_POOL_H

#include "nn/layer.h"

struct average_pool {
    struct kernels_average shape;
    struct shape in, out;
    struct arena *scratch;
};

/* PyTorch's AvgPool2d: rounds_up (ceil_mode) adds a window at the end where pixels are left over,
 * as long as it begins in the image; counts_padding (count_include_pad) divides by the zeros of
 * the padding, too. */
struct average_pool_spec {
    int kernel, stride, padding;
    bool rounds_up, counts_padding;
    /* Of slices of wider tensors, as in struct conv_spec: the distances of pixels, or 0. */
    int in_pitch, in_channel, out_pitch;
};

struct tensor average_pool_build(struct average_pool *p, struct build *b, const char *name,
                                 struct tensor in, const struct average_pool_spec *spec);
/* y [batch, out...] from x [batch, in...]. */
void average_pool_forward(const struct average_pool *p, float *y, const float *x,
                          struct samples samples);
/* dx [batch, in...] is written, or added to if accumulate, from dy [batch, out...]. */
void average_pool_backward(const struct average_pool *p, float *dx, const float *dy,
                           struct samples samples, bool accumulate);

#endif
