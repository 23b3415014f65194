/* The gradient of a filter with few channels by Winograd's convolution: its 36 sums fit the cache
 * of one thread. Called by nn/conv2d_winograd_weights.c alone. */
#ifndef NN_CONV2D_WINOGRAD_NARROW_H
#define NN_CONV2D_WINOGRAD_NARROW_H

#include "nn/conv2d_winograd.h"

bool conv2d_winograd_is_narrow(int in_c, int out_c);
void conv2d_winograd_narrow_need(const struct conv2d *c, struct workspace *w);
/* workspace->transformed [36] x [in_c, out_c], conv2d_winograd_point apart, is written. */
void conv2d_winograd_narrow_sums(const struct conv2d *c, const float *x, const float *dy,
                                 struct samples samples);

#endif
