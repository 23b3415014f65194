/* 2-D convolution without bias: y[n,oh,ow,k] = sum over r,s,c of x[n, oh*stride+r-pad,
 * ow*stride+s-pad, c] * w[r,s,c,k].
 *
 * Activations NHWC; the filter [kernel, kernel, in_c, out_c] (param.h: PARAM_CONV). Each pass is
 * computed by one of three methods (conv2d_plan.h); work and partial sums are cut by shape alone,
 * so the bits do not depend on the number of threads. */
#ifndef NN_CONV2D_H
#define NN_CONV2D_H

#include "nn/build.h"
#include "nn/conv2d_plan.h"

struct conv2d {
    int in_h, in_w, in_c, out_h, out_w, out_c;
    int kernel, stride, pad;
    struct conv2d_plan plan;
    struct param *weight;
    const struct workspace *workspace;
};

/* Which samples of the batch a pass visits: n >= 1 ascending indices. The others are neither read
 * nor written. */
struct samples {
    const int *index;
    int n;
};

/* input: [in_h, in_w, in_c]. Adds the parameter "NAME.weight" and a row of the layer table. */
void conv2d_build(struct conv2d *c, struct build *b, const char *name, int in_h, int in_w, int in_c,
                  int out_c, int kernel, int stride);

/* y [batch, out_h, out_w, out_c] from x [batch, in_h, in_w, in_c]. */
void conv2d_forward(const struct conv2d *c, float *y, const float *x, struct samples samples);
/* dx [batch, in...] is written, or added to if accumulate, from dy [batch, out...]. */
void conv2d_backward_data(const struct conv2d *c, float *dx, const float *dy,
                          struct samples samples, bool accumulate);
/* weight->grad is written. */
void conv2d_backward_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples);

#endif
