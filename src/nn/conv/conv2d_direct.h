/* What the two files of the direct method share. */
#ifndef NN_CONV_CONV2D_DIRECT_H
#define NN_CONV_CONV2D_DIRECT_H

#include "nn/conv/conv2d_method.h"

/* Another way to backward-weights, for a filter that is too large for a sum for each range of
 * positions: conv2d_direct_filter_blocks.c. */
bool conv2d_direct_takes_filter_blocks(const struct conv2d *c);
void conv2d_direct_weights_by_filter_blocks(const struct conv2d *c, const float *x, const float *dy,
                                            struct samples samples);

#endif
