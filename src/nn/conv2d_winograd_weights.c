/* dU[p] [in_c, out_c] = V[p]^T M[p], summed over tiles, for each of the 36 points p; then dW = G^T
 * dU G.
 *
 * Tiles come in blocks: all threads transform a block's tiles, then all add its products, each
 * thread to points of its own. So no thread needs a sum of its own, and the order of summation is
 * fixed. */
#include "nn/conv2d_winograd.h"

#include "base/parallel.h"
#include "math/kernels.h"

enum {
    TILE = 4,
    POINTS = 36,
    GROUP_TILES = 16,
    CHANNEL_BLOCK = 128,
    FILTERS = 4096,
    BLOCK_FLOATS = 1024 * 1024
};

struct weights {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    int tiles_across, tiles; /* for each sample */
    const struct kernels *kernels;
    int first, n; /* the block's tiles, counted over samples laid end to end */
    float *v, *m; /* 36 times [n, in_c] and [n, out_c] */
    size_t v_point, m_point, filter_point;
};

static int block_tiles(const struct conv2d *c)
{
    int tiles = BLOCK_FLOATS / (POINTS * (c->in_c + c->out_c)) / GROUP_TILES * GROUP_TILES;
    return tiles < 4 * GROUP_TILES ? 4 * GROUP_TILES : tiles;
}

size_t conv2d_winograd_weights_floats(const struct conv2d *c)
{
    return POINTS * (conv2d_winograd_point((size_t)block_tiles(c) * c->in_c) +
                     conv2d_winograd_point((size_t)block_tiles(c) * c->out_c));
}

static void transform_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->conv;
    int end = (piece + 1) * GROUP_TILES < j->n ? (piece + 1) * GROUP_TILES : j->n;
    (void)worker;
    for (int i = piece * GROUP_TILES; i < end; i++) {
        int tile = (j->first + i) % j->tiles;
        size_t sample = j->samples.index[(j->first + i) / j->tiles];
        size_t picture = sample * c->in_h * c->in_w;
        int top = tile / j->tiles_across * TILE, left = tile % j->tiles_across * TILE;
        int rows = c->out_h - top < TILE ? c->out_h - top : TILE;
        int across = c->out_w - left < TILE ? c->out_w - left : TILE;
        j->kernels->winograd_input(j->v + (size_t)i * c->in_c, j->v_point, j->x + picture * c->in_c,
                                   top - 1, left - 1, c->in_h, c->in_w, c->in_c);
        j->kernels->winograd_gradient(j->m + (size_t)i * c->out_c, j->m_point,
                                      j->dy + (picture + (size_t)top * c->out_w + left) * c->out_c,
                                      rows, across, c->out_w, c->out_c);
    }
}

static int channel_blocks(const struct conv2d *c)
{
    return (c->in_c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
}

/* Some input channels of one point. */
static void product_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->conv;
    int point = piece / channel_blocks(c), channel = piece % channel_blocks(c) * CHANNEL_BLOCK;
    int channels = c->in_c - channel < CHANNEL_BLOCK ? c->in_c - channel : CHANNEL_BLOCK;
    (void)worker;
    struct kernels_tile t = {.a_row = 1,
                             .a_step = c->in_c,
                             .depth = j->n,
                             .segments = 1,
                             .b_step = c->out_c,
                             .c_row = c->out_c,
                             .accumulate = j->first > 0};
    float *du = c->workspace->transformed + point * j->filter_point + (size_t)channel * c->out_c;
    const float *v = j->v + point * j->v_point + channel;
    const float *m = j->m + point * j->m_point;
    for (int k = 0; k < c->out_c; k += j->kernels->tile_columns) {
        int columns =
            c->out_c - k < j->kernels->tile_columns ? c->out_c - k : j->kernels->tile_columns;
        j->kernels->tile_product(du + k, v, m + k, channels, columns, &t); /* dU (+)= V^T x M */
    }
}

static void filter_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->conv;
    (void)worker;
    size_t filters = (size_t)c->in_c * c->out_c, first = (size_t)piece * FILTERS;
    size_t n = filters - first < FILTERS ? filters - first : FILTERS;
    j->kernels->winograd_filter_gradient(c->weight->grad + first, filters,
                                         c->workspace->transformed + first, j->filter_point, n);
}

void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    int across = (c->out_w + TILE - 1) / TILE, down = (c->out_h + TILE - 1) / TILE;
    struct weights j = {.conv = c,
                        .x = x,
                        .dy = dy,
                        .samples = samples,
                        .tiles_across = across,
                        .tiles = across * down,
                        .filter_point = conv2d_winograd_point((size_t)c->in_c * c->out_c),
                        .kernels = kernels_get()};
    int all = j.tiles * samples.n;
    for (j.first = 0; j.first < all; j.first += j.n) {
        j.n = all - j.first < block_tiles(c) ? all - j.first : block_tiles(c);
        j.v = c->workspace->partial;
        j.v_point = conv2d_winograd_point((size_t)j.n * c->in_c);
        j.m_point = conv2d_winograd_point((size_t)j.n * c->out_c);
        j.m = j.v + POINTS * j.v_point;
        parallel_for(transform_piece, &j, (j.n + GROUP_TILES - 1) / GROUP_TILES);
        parallel_for(product_piece, &j, POINTS * channel_blocks(c));
    }
    parallel_for(filter_piece, &j, (int)(((size_t)c->in_c * c->out_c + FILTERS - 1) / FILTERS));
}
