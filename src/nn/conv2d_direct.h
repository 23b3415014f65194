/* Convolution as an implicit matrix product: rows of the source are copied once into a band with
 * its padding, and the micro-kernel reads the pixels under the filter from there; no im2col. Any
 * shape; fastest when channels are multiples of 16. */
#ifndef NN_CONV2D_DIRECT_H
#define NN_CONV2D_DIRECT_H

#include "nn/conv2d_gather.h"

/* Adds what it needs to the workspace's sizes: for a gather (forward or a phase of backward-data)
 * with up to kernel x kernel taps. */
void conv2d_direct_need(struct workspace *w, int in_w, int in_c, int kernel, int out_c);
void conv2d_direct_run(const struct conv2d_gather *g);

void conv2d_direct_weights_need(const struct conv2d *c, struct workspace *w);
/* weight->grad is written. nn/conv2d_direct_weights.c. */
void conv2d_direct_weights(const struct conv2d *c, const float *x, const float *dy,
                           struct samples samples);

/* The band: position rows first .. first + rows - 1 of a sample need these source rows, padded on
 * both sides. Row r's pixel for position p under the leftmost tap is band[(r * step * width + p *
 * step) * channels]. */
struct conv2d_band {
    int width, height;
};
struct conv2d_band conv2d_direct_band(const struct im2col_shape *s, int rows);
void conv2d_direct_fill(float *band, const float *source, const struct im2col_shape *s, int first,
                        int rows);

#endif
