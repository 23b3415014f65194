/* dU[p] [in_c, out_c] = V[p]^T M[p], summed over tiles, for each of the 36 points p; then dW = G^T
 * dU G.
 *
 * A large filter in parts, some input channels at a time, for dU is four times as large as dW.
 * Tiles come in blocks: all threads transform a block's tiles, then all add its products, each
 * thread to points of its own. So no thread needs a sum of its own, and the order of summation is
 * fixed. With few channels the sums are small enough for another way. */
#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv2d_winograd.h"
#include "nn/conv2d_winograd_gradient.h"
#include "nn/conv2d_winograd_weights_narrow.h"

enum {
    POINTS = CONV2D_TILE_POINTS,
    TRANSFORM_TILES = 16,
    CHANNEL_BLOCK = 128,
    FILTERS = 4096,
    BLOCK_FLOATS = 1024 * 1024,
    PART_WEIGHTS = 256 * 256 /* channels in times out of a part */
};

struct weights {
    struct conv2d_winograd_gradient block;
    int first, n; /* the block's tiles */
};

/* Input channels of a part. */
static int part_channels(const struct conv2d *c)
{
    int channels = PART_WEIGHTS / c->out_c / 16 * 16;
    if (channels < 16)
        channels = 16;
    return channels < c->in_c ? channels : c->in_c;
}

static int block_tiles(const struct conv2d *c)
{
    int tiles = BLOCK_FLOATS / (POINTS * (part_channels(c) + c->out_c));
    tiles = tiles / TRANSFORM_TILES * TRANSFORM_TILES;
    return tiles < 4 * TRANSFORM_TILES ? 4 * TRANSFORM_TILES : tiles;
}

static size_t part_point(const struct conv2d *c)
{
    return conv2d_winograd_point((size_t)part_channels(c) * c->out_c);
}

void conv2d_winograd_weights_need(const struct conv2d *c, struct workspace *w)
{
    if (conv2d_winograd_weights_is_narrow(c->in_c, c->out_c)) {
        conv2d_winograd_weights_narrow_need(c, w);
        return;
    }
    build_need(&w->partial_floats,
               conv2d_winograd_gradient_floats(c, block_tiles(c), part_channels(c)));
    build_need(&w->transformed_floats, POINTS * part_point(c));
}

static void transform_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    int row = piece * TRANSFORM_TILES;
    int n = j->n - row < TRANSFORM_TILES ? j->n - row : TRANSFORM_TILES;
    (void)worker;
    conv2d_winograd_gradient_transform(&j->block, row, j->first + row, n);
}

static int channel_blocks(const struct weights *j)
{
    return (j->block.channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
}

/* Some input channels of one point. */
static void product_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->block.conv;
    int point = piece / channel_blocks(j), first = piece % channel_blocks(j) * CHANNEL_BLOCK;
    int left = j->block.channels - first;
    float *du = c->workspace->transformed + point * part_point(c) + (size_t)first * c->out_c;
    (void)worker;
    conv2d_winograd_gradient_product(&j->block, du, point, first,
                                     left < CHANNEL_BLOCK ? left : CHANNEL_BLOCK, j->n,
                                     j->first > 0);
}

/* dU of the part's input channels. */
static void add_blocks(struct weights *j)
{
    const struct conv2d *c = j->block.conv;
    int all = j->block.tiles.n;
    for (j->first = 0; j->first < all; j->first += j->n) {
        j->n = all - j->first < block_tiles(c) ? all - j->first : block_tiles(c);
        parallel_for(transform_piece, j, (j->n + TRANSFORM_TILES - 1) / TRANSFORM_TILES);
        parallel_for(product_piece, j, POINTS * channel_blocks(j));
    }
}

/* Some of the part's filters, from dU to dW. */
static void filter_piece(void *context, int piece, int worker)
{
    const struct weights *j = context;
    const struct conv2d *c = j->block.conv;
    size_t filters = (size_t)j->block.channels * c->out_c, first = (size_t)piece * FILTERS;
    size_t n = filters - first < FILTERS ? filters - first : FILTERS;
    (void)worker;
    kernels_get()->winograd_filter_gradient(
        c->weight->grad + (size_t)j->block.channel * c->out_c + first, (size_t)c->in_c * c->out_c,
        c->workspace->transformed + first, part_point(c), n);
}

static void write_gradient(struct weights *j)
{
    size_t filters = (size_t)j->block.channels * j->block.conv->out_c;
    parallel_for(filter_piece, j, (int)((filters + FILTERS - 1) / FILTERS));
}

void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    struct weights j = {
        .block = conv2d_winograd_gradient_of(c, x, dy, samples, block_tiles(c), part_channels(c)),
    };
    if (conv2d_winograd_weights_is_narrow(c->in_c, c->out_c)) {
        conv2d_winograd_weights_narrow(c, x, dy, samples);
        write_gradient(&j);
        return;
    }
    conv2d_winograd_gradient_place(&j.block, c->workspace->partial);
    for (; j.block.channel < c->in_c; j.block.channel += j.block.channels) {
        if (j.block.channels > c->in_c - j.block.channel)
            j.block.channels = c->in_c - j.block.channel;
        add_blocks(&j);
        write_gradient(&j);
    }
}
