/* What both ways to the gradient of a filter have in common: a block of tiles of x and dy,
 * transformed, and the products of the two. nn/conv2d_winograd_weights.c. */
#ifndef NN_CONV2D_WINOGRAD_GRADIENT_H
#define NN_CONV2D_WINOGRAD_GRADIENT_H

#include "nn/conv2d_tiles.h"

struct conv2d_winograd_gradient {
    const struct conv2d *conv;
    const float *x, *dy;
    struct conv2d_tiles tiles;
    int channel, channels; /* input channels channel .. channel + channels - 1 are worked on */
    float *v, *m;          /* 36 times [block_tiles, channels] and [block_tiles, out_c] */
    size_t v_point, m_point;
};

/* Floats of v and m together. */
size_t conv2d_winograd_gradient_floats(const struct conv2d *c, int block_tiles, int channels);
struct conv2d_winograd_gradient conv2d_winograd_gradient_of(const struct conv2d *c, const float *x,
                                                            const float *dy, struct samples samples,
                                                            int block_tiles, int channels);
/* Says where v and m are. */
void conv2d_winograd_gradient_place(struct conv2d_winograd_gradient *g, float *floats);
/* Transforms n tiles from `first` on into the block, from its row `row` on. */
void conv2d_winograd_gradient_transform(const struct conv2d_winograd_gradient *g, int row,
                                        int first, int n);
/* du [n_channels, out_c] (+)= v^T x m of one point, over the block's first n tiles, for n_channels
 * from the first-th of those worked on. */
void conv2d_winograd_gradient_product(const struct conv2d_winograd_gradient *g, float *du,
                                      int point, int first, int n_channels, int n, bool accumulate);

#endif
