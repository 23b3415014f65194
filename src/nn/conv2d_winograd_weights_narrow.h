/* The gradient of a filter with few channels by Winograd's convolution: its 36 sums fit the cache
 * of one thread. Called by nn/conv2d_winograd_weights.c alone. */
#ifndef NN_CONV2D_WINOGRAD_WEIGHTS_NARROW_H
#define NN_CONV2D_WINOGRAD_WEIGHTS_NARROW_H

#include "nn/conv2d.h"

bool conv2d_winograd_weights_is_narrow(int in_c, int out_c);
void conv2d_winograd_weights_narrow_need(const struct conv2d *c, struct workspace *w);
/* workspace->transformed: 36 times [in_c, out_c], conv2d_winograd_point apart, is written. */
void conv2d_winograd_weights_narrow(const struct conv2d *c, const float *x, const float *dy,
                                    struct samples samples);

#endif
