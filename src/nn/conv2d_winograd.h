/* 3x3 convolutions of stride 1 and padding 1 by Winograd's F(4x4, 3x3): 36 products for each 4x4
 * tile instead of 144. Needs channels in multiples of 16. Matrices and their choice: src/README.md.
 */
#ifndef NN_CONV2D_WINOGRAD_H
#define NN_CONV2D_WINOGRAD_H

#include "nn/conv2d.h"

/* Distance between the 36 values of a transformed array of n floats for each point: a cache line
 * more than n, for else 36 stores in a row can fall into one set of the cache. */
static inline size_t conv2d_winograd_point(size_t n)
{
    return n + 16;
}

bool conv2d_winograd_fits(const struct conv2d *c);
/* These add what a run, and the gradient of the weights, need to the workspace's sizes. */
void conv2d_winograd_need(struct workspace *w, int height, int width, int in_c, int out_c,
                          int max_batch);
void conv2d_winograd_weights_need(const struct conv2d *c, struct workspace *w);

/* out [batch, height, width, out_c] (+)= source [batch, height, width, in_c] with filter [3, 3,
 * in_c, out_c]: forward, and backward-data with the filter turned. */
struct conv2d_winograd {
    float *out;
    const float *source, *filter;
    int height, width, in_c, out_c;
    struct samples samples;
    bool accumulate;
    const struct workspace *workspace;
};

void conv2d_winograd_run(const struct conv2d_winograd *c);
/* weight->grad is written. nn/conv2d_winograd_weights.c. */
void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples);

#endif
