/* Each piece is a range of tiles, some at a time, with sums of its own: what it transforms never
 * leaves its cache. The number of ranges is fixed, and their sums are added in order, so the result
 * does not depend on the number of threads. */
#include "nn/conv2d_winograd_weights_narrow.h"

#include "base/parallel.h"
#include "nn/conv2d_partial.h"
#include "nn/conv2d_winograd.h"
#include "nn/conv2d_winograd_gradient.h"

#include <string.h>

enum {
    POINTS = CONV2D_TILE_POINTS,
    NARROW = 64 * 64, /* channels in times out */
    RANGES = 16,
    BLOCK_TILES = 32
};

bool conv2d_winograd_weights_is_narrow(int in_c, int out_c)
{
    return (size_t)in_c * out_c <= NARROW;
}

static size_t sums_point(const struct conv2d *c)
{
    return conv2d_winograd_point((size_t)c->in_c * c->out_c);
}

void conv2d_winograd_weights_narrow_need(const struct conv2d *c, struct workspace *w)
{
    build_need(&w->tile_floats, conv2d_winograd_gradient_floats(c, BLOCK_TILES, c->in_c));
    build_need(&w->partial_floats, RANGES * POINTS * sums_point(c));
    build_need(&w->transformed_floats, POINTS * sums_point(c));
}

static void range_piece(void *context, int range, int worker)
{
    struct conv2d_winograd_gradient g = *(const struct conv2d_winograd_gradient *)context;
    const struct conv2d *c = g.conv;
    const struct workspace *w = c->workspace;
    float *du = w->partial + range * POINTS * sums_point(c);
    int first = (int)((int64_t)g.tiles.n * range / RANGES);
    int end = (int)((int64_t)g.tiles.n * (range + 1) / RANGES);
    conv2d_winograd_gradient_place(&g, w->tile + worker * w->tile_floats);
    if (first == end)
        memset(du, 0, POINTS * sums_point(c) * sizeof *du);
    for (int at = first, n; at < end; at += n) {
        n = end - at < BLOCK_TILES ? end - at : BLOCK_TILES;
        conv2d_winograd_gradient_transform(&g, 0, at, n);
        for (int p = 0; p < POINTS; p++)
            conv2d_winograd_gradient_product(&g, du + p * sums_point(c), p, 0, c->in_c, n,
                                             at > first);
    }
}

void conv2d_winograd_weights_narrow(const struct conv2d *c, const float *x, const float *dy,
                                    struct samples samples)
{
    struct conv2d_winograd_gradient g =
        conv2d_winograd_gradient_of(c, x, dy, samples, BLOCK_TILES, c->in_c);
    parallel_for(range_piece, &g, RANGES);
    conv2d_partial_sum(c->workspace->transformed, c->workspace->partial, POINTS * sums_point(c),
                       RANGES);
}
