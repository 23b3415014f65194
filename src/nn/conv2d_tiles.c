#include "nn/conv2d_tiles.h"

struct conv2d_tiles conv2d_tiles_of(int height, int width, struct samples samples)
{
    int across = (width + CONV2D_TILE - 1) / CONV2D_TILE;
    int per_sample = (height + CONV2D_TILE - 1) / CONV2D_TILE * across;
    return (struct conv2d_tiles){.height = height,
                                 .width = width,
                                 .across = across,
                                 .per_sample = per_sample,
                                 .n = per_sample * samples.n,
                                 .samples = samples};
}

static int inside(int first, int size)
{
    return size - first < CONV2D_TILE ? size - first : CONV2D_TILE;
}

struct conv2d_tile conv2d_tiles_at(const struct conv2d_tiles *t, int tile)
{
    int in_sample = tile % t->per_sample;
    int top = in_sample / t->across * CONV2D_TILE, left = in_sample % t->across * CONV2D_TILE;
    size_t picture = (size_t)t->samples.index[tile / t->per_sample] * t->height * t->width;
    return (struct conv2d_tile){.picture = picture,
                                .pixel = picture + (size_t)top * t->width + left,
                                .top = top,
                                .left = left,
                                .rows = inside(top, t->height),
                                .columns = inside(left, t->width)};
}
