/* Which pixels the tiles of a Winograd convolution cover: 4x4 each, row by row, the pictures of the
 * chosen samples end to end. */
#ifndef NN_CONV2D_TILES_H
#define NN_CONV2D_TILES_H

#include "nn/conv2d.h"

enum { CONV2D_TILE = 4, CONV2D_TILE_POINTS = 36 };

struct conv2d_tiles {
    int height, width; /* of a picture, in pixels */
    int across, per_sample;
    int n; /* of all samples */
    struct samples samples;
};

struct conv2d_tiles conv2d_tiles_of(int height, int width, struct samples samples);

struct conv2d_tile {
    size_t picture, pixel; /* the picture's first pixel and the tile's, counted over the batch */
    int top, left;         /* in the picture */
    int rows, columns;     /* 1..4: what of it lies inside */
};

struct conv2d_tile conv2d_tiles_at(const struct conv2d_tiles *t, int tile);

#endif
