/* What the files of Winograd's F(4x4, 3x3) share: 36 products for each 4x4 tile instead of 144. 3x3
 * convolutions of stride 1 and padding 1. Channels that are no multiple of 16 are padded with zeros
 * to one in all that is transformed. Matrices and their choice: src/nn/conv/README.md. Included by
 * conv2d_winograd*.c alone. */
#ifndef NN_CONV_CONV2D_WINOGRAD_H
#define NN_CONV_CONV2D_WINOGRAD_H

#include "nn/conv/conv2d_method.h"

enum { CONV2D_WINOGRAD_TILE = 4, CONV2D_WINOGRAD_POINTS = 36 };

/* Channels of a transformed array: whole vectors at every processor level. */
static inline int conv2d_winograd_padded(int channels)
{
    return (channels + 15) / 16 * 16;
}

/* Which pixels the tiles cover: 4x4 each, row by row, the images of the chosen samples end to end.
 */
struct conv2d_winograd_tiles {
    int height, width; /* of an image, in pixels */
    int across, per_sample;
    int n; /* of all samples */
    struct samples samples;
};
struct conv2d_winograd_tiles conv2d_winograd_tiles_of(struct shape image, struct samples samples);

struct conv2d_winograd_tile {
    size_t image, pixel; /* the image's first pixel and the tile's, counted over the batch */
    int top, left;       /* in the image */
    int rows, columns;   /* 1..4: what of it lies inside */
};
struct conv2d_winograd_tile conv2d_winograd_tile_at(const struct conv2d_winograd_tiles *t,
                                                    int tile);

/* Distance between the 36 values of a transformed array of n floats for each point: a cache line
 * more than n, for else 36 stores in a row can fall into one set of the cache. */
static inline size_t conv2d_winograd_point(size_t n)
{
    return n + 16;
}

/* The 9 taps of n filters that come soon: they are too far apart for the processor to foresee. */
static inline void conv2d_winograd_ask_for(const float *filters, size_t tap, int n)
{
    for (size_t t = 0; t < 9; t++)
        for (int k = 0; k < n; k += 16)
            __builtin_prefetch(filters + t * tap + k);
}

/* out [batch, height, width, out_c] (+)= source [batch, height, width, in_c] with filter [3, 3,
 * in_c, out_c], pixels being out_pitch and source_pitch floats apart: forward, and backward-data
 * with the filter turned. */
struct conv2d_winograd_run {
    float *out;
    const float *source, *filter;
    struct shape shape; /* of the source */
    int in_c, out_c, source_pitch, out_pitch;
    struct samples samples;
    bool accumulate;
    struct arena *scratch;
};

/* Another way to the same, for a filter that is larger than the tiles (many channels, small images:
 * the last stages of a network). Which is taken follows from the shape of one image: the two ways
 * sum in different orders, and the bits of an image's results must not depend on its neighbours in
 * the batch. */
bool conv2d_winograd_takes_filter_blocks(const struct conv2d_winograd_run *c);
void conv2d_winograd_run_filter_blocks(const struct conv2d_winograd_run *c);

void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples);

#endif
