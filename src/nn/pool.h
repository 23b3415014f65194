/* Max-pool (padding counts as -inf) and the global average pool. */
#ifndef NN_POOL_H
#define NN_POOL_H

#include "math/kernels.h"
#include "nn/conv2d.h"

struct max_pool {
    struct kernels_pool shape;
    float *y;        /* [max_batch, out...]; NULL without training (workspace) */
    uint8_t *argmax; /* the same shape: which pixel of the window; NULL without training */
    int parity;      /* which of the workspace's outputs is y without training */
    const struct workspace *workspace;
};

void pool_max_build(struct max_pool *p, struct build *b, int in_h, int in_w, int channels,
                    int kernel, int stride, int parity);
float *pool_max_forward(struct max_pool *p, const float *x, struct samples samples);
/* dy (of the pool's output) = 0 where that output is not above 0: the backward pass of a relu
 * before the pool, done behind it, so that the relu's own output, several times as large, need not
 * be kept. */
void pool_max_relu_backward(const struct max_pool *p, float *dy, struct samples samples);
void pool_max_backward(const struct max_pool *p, float *dx, const float *dy,
                       struct samples samples);

/* y [batch, channels] = mean over the pixels of x [batch, pixels, channels], summed in double. */
void pool_average_forward(float *y, const float *x, struct samples samples, size_t pixels,
                          int channels);
void pool_average_backward(float *dx, const float *dy, struct samples samples, size_t pixels,
                           int channels);

#endif
