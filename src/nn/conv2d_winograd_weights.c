/* dU[p] [in_c, out_c] = V[p]^T M[p], summed over tiles, for each of the 36 points p; then dW = G^T
 * dU G.
 *
 * Tiles come in blocks: all threads transform a block's tiles, then all add its products, each
 * thread to points of its own. So no thread needs a sum of its own, and the order of summation is
 * fixed. */
#include "nn/conv2d_winograd.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv2d_tiles.h"
#include "nn/conv2d_winograd_narrow.h"

enum {
    POINTS = CONV2D_TILE_POINTS,
    GROUP_TILES = 16,
    CHANNEL_BLOCK = 128,
    FILTERS = 4096,
    BLOCK_FLOATS = 1024 * 1024
};

struct weights {
    const struct conv2d *conv;
    const float *x, *dy;
    struct conv2d_tiles tiles;
    const struct kernels *kernels;
    int first, n; /* the block's tiles */
    float *v, *m; /* 36 times [n, in_c] and [n, out_c] */
    size_t v_point, m_point, filter_point;
};

static int block_tiles(const struct conv2d *c)
{
    int tiles = BLOCK_FLOATS / (POINTS * (c->in_c + c->out_c)) / GROUP_TILES * GROUP_TILES;
    return tiles < 4 * GROUP_TILES ? 4 * GROUP_TILES : tiles;
}

void conv2d_winograd_weights_need(const struct conv2d *c, struct workspace *w)
{
    build_need(&w->transformed_floats, POINTS * conv2d_winograd_point((size_t)c->in_c * c->out_c));
    if (conv2d_winograd_is_narrow(c->in_c, c->out_c))
        conv2d_winograd_narrow_need(c, w);
    else
        build_need(&w->partial_floats,
                   POINTS * (conv2d_winograd_point((size_t)block_tiles(c) * c->in_c) +
                             conv2d_winograd_point((size_t)block_tiles(c) * c->out_c)));
}

static void transform_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->conv;
    int end = (piece + 1) * GROUP_TILES < j->n ? (piece + 1) * GROUP_TILES : j->n;
    (void)worker;
    for (int i = piece * GROUP_TILES; i < end; i++) {
        struct conv2d_tile t = conv2d_tiles_at(&j->tiles, j->first + i);
        j->kernels->winograd_input(j->v + (size_t)i * c->in_c, j->v_point,
                                   j->x + t.picture * c->in_c, c->in_c, t.top - 1, t.left - 1,
                                   c->in_h, c->in_w, c->in_c);
        j->kernels->winograd_gradient(j->m + (size_t)i * c->out_c, j->m_point,
                                      j->dy + t.pixel * c->out_c, t.rows, t.columns, c->out_w,
                                      c->out_c);
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

static void add_blocks(struct weights *j)
{
    const struct conv2d *c = j->conv;
    int all = j->tiles.n;
    for (j->first = 0; j->first < all; j->first += j->n) {
        j->n = all - j->first < block_tiles(c) ? all - j->first : block_tiles(c);
        j->v = c->workspace->partial;
        j->v_point = conv2d_winograd_point((size_t)j->n * c->in_c);
        j->m_point = conv2d_winograd_point((size_t)j->n * c->out_c);
        j->m = j->v + POINTS * j->v_point;
        parallel_for(transform_piece, j, (j->n + GROUP_TILES - 1) / GROUP_TILES);
        parallel_for(product_piece, j, POINTS * channel_blocks(c));
    }
}

void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    struct weights j = {.conv = c,
                        .x = x,
                        .dy = dy,
                        .tiles = conv2d_tiles_of(c->out_h, c->out_w, samples),
                        .filter_point = conv2d_winograd_point((size_t)c->in_c * c->out_c),
                        .kernels = kernels_get()};
    if (conv2d_winograd_is_narrow(c->in_c, c->out_c))
        conv2d_winograd_narrow_sums(c, x, dy, samples);
    else
        add_blocks(&j);
    parallel_for(filter_piece, &j, (int)(((size_t)c->in_c * c->out_c + FILTERS - 1) / FILTERS));
}
