/* Winograd's convolution where the filter is larger than the tiles: many channels, small pictures
 * (the last stages of a network). Called by nn/conv2d_winograd.c alone. */
#ifndef NN_CONV2D_WINOGRAD_FILTER_BLOCKS_H
#define NN_CONV2D_WINOGRAD_FILTER_BLOCKS_H

#include "nn/conv2d_winograd.h"

/* By the shape of one picture: the two ways sum in different orders, and the bits of a picture's
 * results must not depend on its neighbours in the batch. */
bool conv2d_winograd_takes_filter_blocks(int height, int width, int in_c, int out_c);
/* tiles: of a whole batch. */
void conv2d_winograd_filter_blocks_need(struct workspace *w, int tiles, int in_c);
void conv2d_winograd_filter_blocks_run(const struct conv2d_winograd *c);

#endif
