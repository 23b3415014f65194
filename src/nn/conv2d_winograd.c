/* Two ways, by which is larger, the tiles or the filter. Here: the filter is transformed once, then
 * blocks of tiles go through all three steps on one thread. A block has few tiles, so that its 36 x
 * tiles x channels values stay in the thread's cache (up to some 256 channels); the transformed
 * filter streams past, each value of it used once for each tile. Where it is too large for that:
 * nn/conv2d_winograd_filter_blocks.c. */
#include "nn/conv2d_winograd.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv2d_tiles.h"
#include "nn/conv2d_winograd_filter_blocks.h"

enum { POINTS = CONV2D_TILE_POINTS, BLOCK_TILES = 28 /* twice the rows of the v4 micro-kernel */ };

bool conv2d_winograd_fits(const struct conv2d *c)
{
    return c->kernel == 3 && c->stride == 1 && c->in_c % 16 == 0 && c->out_c % 16 == 0;
}

/* Of a transformed filter: whole panels of tile_columns output channels. */
static size_t filter_point(int in_c, int out_c)
{
    int n = kernels_get()->tile_columns;
    return conv2d_winograd_point((size_t)in_c * ((out_c + n - 1) / n * n));
}

void conv2d_winograd_need(struct workspace *w, int height, int width, int in_c, int out_c,
                          int max_batch)
{
    if (conv2d_winograd_takes_filter_blocks(height, width, in_c, out_c)) {
        int tiles = conv2d_tiles_of(height, width, (struct samples){.n = max_batch}).n;
        conv2d_winograd_filter_blocks_need(w, tiles, in_c);
        return;
    }
    build_need(&w->tile_floats, POINTS * (conv2d_winograd_point((size_t)BLOCK_TILES * in_c) +
                                          conv2d_winograd_point((size_t)BLOCK_TILES * out_c)));
    build_need(&w->transformed_floats, POINTS * filter_point(in_c, out_c));
}

struct winograd {
    const struct conv2d_winograd *conv;
    struct conv2d_tiles tiles;
    const struct kernels *kernels;
    size_t point; /* of the transformed filter */
    int blocks;
};

/* The filters of one input channel: 16 output channels at a time into their panel [in_c,
 * tile_columns]. */
static void filter_piece(void *context, int channel, int worker)
{
    const struct winograd *j = context;
    const struct conv2d_winograd *c = j->conv;
    int panel = j->kernels->tile_columns;
    (void)worker;
    for (int k = 0; k < c->out_c; k += 16) {
        size_t at = (size_t)(k / panel) * panel * c->in_c + (size_t)channel * panel + k % panel;
        j->kernels->winograd_filter(c->workspace->transformed + at, j->point,
                                    c->filter + (size_t)channel * c->out_c + k,
                                    (size_t)c->in_c * c->out_c);
    }
}

/* m [tiles, out_c] = v [tiles, in_c] x u [in_c, out_c], for each point. */
static void multiply_points(const struct winograd *j, float *m, size_t m_point, const float *v,
                            size_t v_point, int tiles)
{
    const struct conv2d_winograd *c = j->conv;
    struct kernels_tile t = {.a_row = c->in_c,
                             .a_step = 1,
                             .depth = c->in_c,
                             .segments = 1,
                             .b_step = j->kernels->tile_columns,
                             .c_row = c->out_c};
    for (int p = 0; p < POINTS; p++)
        for (int k = 0; k < c->out_c; k += j->kernels->tile_columns) {
            int n =
                c->out_c - k < j->kernels->tile_columns ? c->out_c - k : j->kernels->tile_columns;
            j->kernels->tile_product(m + p * m_point + k, v + p * v_point,
                                     c->workspace->transformed + p * j->point + (size_t)k * c->in_c,
                                     tiles, n, &t);
        }
}

static void block_piece(void *context, int piece, int worker)
{
    const struct winograd *j = context;
    const struct conv2d_winograd *c = j->conv;
    int64_t all = j->tiles.n;
    int first = (int)(all * piece / j->blocks), n = (int)(all * (piece + 1) / j->blocks) - first;
    float *v = c->workspace->tile + worker * c->workspace->tile_floats;
    size_t v_point = conv2d_winograd_point((size_t)n * c->in_c),
           m_point = conv2d_winograd_point((size_t)n * c->out_c);
    float *m = v + POINTS * v_point;

    for (int i = 0; i < n; i++) {
        struct conv2d_tile t = conv2d_tiles_at(&j->tiles, first + i);
        j->kernels->winograd_input(v + (size_t)i * c->in_c, v_point,
                                   c->source + t.picture * c->in_c, c->in_c, t.top - 1, t.left - 1,
                                   c->height, c->width, c->in_c);
    }
    multiply_points(j, m, m_point, v, v_point, n);
    for (int i = 0; i < n; i++) {
        struct conv2d_tile t = conv2d_tiles_at(&j->tiles, first + i);
        j->kernels->winograd_output(c->out + t.pixel * c->out_c, (size_t)c->width * c->out_c,
                                    c->out_c, m + (size_t)i * c->out_c, m_point, t.rows, t.columns,
                                    c->out_c, c->accumulate);
    }
}

void conv2d_winograd_run(const struct conv2d_winograd *c)
{
    if (conv2d_winograd_takes_filter_blocks(c->height, c->width, c->in_c, c->out_c)) {
        conv2d_winograd_filter_blocks_run(c);
        return;
    }
    struct winograd j = {.conv = c,
                         .tiles = conv2d_tiles_of(c->height, c->width, c->samples),
                         .kernels = kernels_get(),
                         .point = filter_point(c->in_c, c->out_c)};
    /* Blocks of equal size: at most BLOCK_TILES, and an even number of them, for two threads. */
    j.blocks = (j.tiles.n + BLOCK_TILES - 1) / BLOCK_TILES;
    j.blocks += j.blocks % 2 && j.blocks < j.tiles.n;
    parallel_for(filter_piece, &j, c->in_c);
    parallel_for(block_piece, &j, j.blocks);
}
