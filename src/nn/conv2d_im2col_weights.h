/* Gradient of a filter by im2col tiles and BLAS: any shape; the reference path. */
#ifndef NN_CONV2D_IM2COL_WEIGHTS_H
#define NN_CONV2D_IM2COL_WEIGHTS_H

#include "nn/conv2d.h"

void conv2d_im2col_weights_need(const struct conv2d *c, struct workspace *w);
/* weight->grad is written. */
void conv2d_im2col_weights(const struct conv2d *c, const float *x, const float *dy,
                           struct samples samples);

#endif
