/* Filters are transformed once; then blocks of tiles go through all three steps in the cache of one
 * thread. A block has few tiles, so that its 36 x tiles x channels values stay there; the
 * transformed filter streams past, each value of it used once for each tile. */
#include "nn/conv2d_winograd.h"

#include "base/parallel.h"
#include "math/kernels.h"

enum { TILE = 4, POINTS = 36, BLOCK_TILES = 28 };

bool conv2d_winograd_fits(const struct conv2d *c)
{
    return c->kernel == 3 && c->stride == 1 && c->in_c % 16 == 0 && c->out_c % 16 == 0;
}

static int columns(const struct kernels *k)
{
    return k->tile_columns;
}

/* Of a transformed filter: whole panels of tile_columns output channels. */
static size_t filter_point(int in_c, int out_c)
{
    int n = columns(kernels_get());
    return conv2d_winograd_point((size_t)in_c * ((out_c + n - 1) / n * n));
}

void conv2d_winograd_need(const struct conv2d *c, struct workspace *w, bool training)
{
    size_t point = filter_point(c->in_c, c->out_c), turned = filter_point(c->out_c, c->in_c);
    build_need(&w->transformed_floats, POINTS * (turned > point ? turned : point));
    build_need(&w->tile_floats, POINTS * (conv2d_winograd_point((size_t)BLOCK_TILES * c->in_c) +
                                          conv2d_winograd_point((size_t)BLOCK_TILES * c->out_c)));
    if (training)
        build_need(&w->partial_floats, conv2d_winograd_weights_floats(c));
}

struct winograd {
    float *out;
    const float *source, *filter;
    int height, width, in_c, out_c;
    int tiles_across, tiles; /* tiles for each sample */
    struct samples samples;
    bool accumulate;
    const struct workspace *workspace;
    const struct kernels *kernels;
    size_t point; /* of the transformed filter */
    int blocks;
};

/* The filters of one input channel: 16 output channels at a time into their panel [in_c,
 * tile_columns]. */
static void filter_piece(void *context, int channel, int worker)
{
    const struct winograd *j = context;
    int panel = columns(j->kernels);
    (void)worker;
    for (int k = 0; k < j->out_c; k += 16) {
        size_t at = (size_t)(k / panel) * panel * j->in_c + (size_t)channel * panel + k % panel;
        j->kernels->winograd_filter(j->workspace->transformed + at, j->point,
                                    j->filter + (size_t)channel * j->out_c + k,
                                    (size_t)j->in_c * j->out_c);
    }
}

/* Which pixel a tile begins at, and in which picture (returned). */
static size_t tile_place(const struct winograd *j, int tile, int *top, int *left)
{
    int in_sample = tile % j->tiles;
    *top = in_sample / j->tiles_across * TILE;
    *left = in_sample % j->tiles_across * TILE;
    return (size_t)j->samples.index[tile / j->tiles] * j->height * j->width;
}

/* m [tiles, out_c] = v [tiles, in_c] x u [in_c, out_c], for each point. */
static void multiply_points(const struct winograd *j, float *m, size_t m_point, const float *v,
                            size_t v_point, int tiles)
{
    struct kernels_tile t = {.a_row = j->in_c,
                             .a_step = 1,
                             .depth = j->in_c,
                             .segments = 1,
                             .b_step = columns(j->kernels),
                             .c_row = j->out_c};
    for (int p = 0; p < POINTS; p++)
        for (int k = 0; k < j->out_c; k += columns(j->kernels)) {
            int n = j->out_c - k < columns(j->kernels) ? j->out_c - k : columns(j->kernels);
            j->kernels->tile_product(m + p * m_point + k, v + p * v_point,
                                     j->workspace->transformed + p * j->point + (size_t)k * j->in_c,
                                     tiles, n, &t);
        }
}

static void block_piece(void *context, int piece, int worker)
{
    const struct winograd *j = context;
    int64_t all = (int64_t)j->tiles * j->samples.n;
    int first = (int)(all * piece / j->blocks), n = (int)(all * (piece + 1) / j->blocks) - first;
    float *v = j->workspace->tile + worker * j->workspace->tile_floats;
    size_t v_point = conv2d_winograd_point((size_t)n * j->in_c),
           m_point = conv2d_winograd_point((size_t)n * j->out_c);
    float *m = v + POINTS * v_point;
    int top, left;

    for (int i = 0; i < n; i++) {
        size_t picture = tile_place(j, first + i, &top, &left);
        j->kernels->winograd_input(v + (size_t)i * j->in_c, v_point, j->source + picture * j->in_c,
                                   top - 1, left - 1, j->height, j->width, j->in_c);
    }
    multiply_points(j, m, m_point, v, v_point, n);
    for (int i = 0; i < n; i++) {
        size_t pixel = tile_place(j, first + i, &top, &left) + (size_t)top * j->width + left;
        int rows = j->height - top < TILE ? j->height - top : TILE;
        int across = j->width - left < TILE ? j->width - left : TILE;
        j->kernels->winograd_output(j->out + pixel * j->out_c, m + (size_t)i * j->out_c, m_point,
                                    rows, across, j->width, j->out_c, j->accumulate);
    }
}

void conv2d_winograd_run(float *out, const float *source, const float *filter, int height,
                         int width, int in_c, int out_c, struct samples samples, bool accumulate,
                         const struct workspace *workspace)
{
    int across = (width + TILE - 1) / TILE, down = (height + TILE - 1) / TILE;
    struct winograd j = {.out = out,
                         .source = source,
                         .filter = filter,
                         .height = height,
                         .width = width,
                         .in_c = in_c,
                         .out_c = out_c,
                         .tiles_across = across,
                         .tiles = across * down,
                         .samples = samples,
                         .accumulate = accumulate,
                         .workspace = workspace,
                         .kernels = kernels_get(),
                         .point = filter_point(in_c, out_c)};
    /* Blocks of equal size: at most BLOCK_TILES, and an even number of them, for two threads. */
    int all = j.tiles * samples.n;
    j.blocks = (all + BLOCK_TILES - 1) / BLOCK_TILES;
    j.blocks += j.blocks % 2 && j.blocks < all;
    parallel_for(filter_piece, &j, in_c);
    parallel_for(block_piece, &j, j.blocks);
}
