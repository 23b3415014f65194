/* 2-D convolution without bias: y[n,oh,ow,k] = sum over r,s,c of x[n, oh*stride+r-pad_top,
 * ow*stride+s-pad_left, c] * w[r,s,c,k]; depthwise (groups = channels): c = k alone.
 *
 * Activations NHWC; the filter [kernel, kernel, in / groups, out] (param.h: PARAM_CONV). Each pass
 * is computed by one of several methods (conv2d_method.h); work and partial sums are cut by shape
 * alone, so the bits do not depend on the number of threads. */
#ifndef NN_CONV_CONV2D_H
#define NN_CONV_CONV2D_H

#include "nn/conv/conv2d_method.h"

/* in: its shape is that of the slice, where in_pitch says that it is one. Adds the parameter
 * "NAME.weight" and a row of the layer table. Initial values: N(0, sqrt(2 / fan_out)) (He, as
 * torchvision's ResNet). */
struct tensor conv2d_build(struct conv2d *c, struct build *b, const char *name, struct tensor in,
                           const struct conv_spec *spec);

/* y [batch, out...] from x [batch, in...]. With an in_pitch x and dx point at the first channel of
 * the slice, whose pixels are that far apart; floats of other channels are neither read nor
 * written. */
void conv2d_forward(const struct conv2d *c, float *y, const float *x, struct samples samples);
/* Whether the forward pass is computed by a method that can finish it, and the pass with what
 * follows: z [batch, out...], which may be finish->y, is then y. The bits are those of
 * conv2d_forward and norm_apply behind it. */
bool conv2d_can_finish(const struct conv2d *c);
void conv2d_forward_finish(const struct conv2d *c, float *z, const float *x, struct samples samples,
                           const struct conv2d_finish *finish);
/* dx [batch, in...] is written, or added to if accumulate, from dy [batch, out...]. */
void conv2d_backward_data(const struct conv2d *c, float *dx, const float *dy,
                          struct samples samples, bool accumulate);
/* weight->grad is written. */
void conv2d_backward_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples);
/* Both, of a convolution with c->whole, and the mask of what is below. dx does not overlap dy or x;
 * NULL: weight->grad alone, with the same bits. */
void conv2d_backward(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how);

#endif
