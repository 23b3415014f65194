/* Max-pool (padding counts as -inf) and the global average pool. */
#ifndef NN_POOL_H
#define NN_POOL_H

#include "nn/layer.h"

struct max_pool {
    struct kernels_pool shape;
    struct shape in, out;
    uint8_t *argmax; /* [max_batch, out...]: which pixel of the window; NULL without training */
    struct arena *scratch;
};

struct tensor pool_max_build(struct max_pool *p, struct build *b, const char *name,
                             struct tensor in, const struct pool_spec *spec);
/* y [batch, out...] from x [batch, in...]. */
void pool_max_forward(struct max_pool *p, float *y, const float *x, struct samples samples);
/* dx [batch, in...] is written from dy [batch, out...]. */
void pool_max_backward(const struct max_pool *p, float *dx, const float *dy,
                       struct samples samples);
/* dy (of the pool's output y) = 0 where the activation before the pool is flat: the activation's
 * backward pass, done behind the pool, so that its own output, several times as large, need not be
 * kept. */
void pool_max_activation_backward(const struct max_pool *p, float *dy, const float *y,
                                  enum kernels_activation activation, struct samples samples);

/* y [batch, channels] = mean over the pixels of x [batch, pixels, channels], summed in double. */
void pool_average_forward(float *y, const float *x, struct samples samples, struct shape in);
void pool_average_backward(float *dx, const float *dy, struct samples samples, struct shape in);

#endif
