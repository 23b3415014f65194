/* dU[p] [in_c, out_c] = V[p]^T M[p], summed over tiles, for each of the 36 points p; then dW = G^T
 * dU G.
 *
 * A large filter in parts, some input channels at a time, for dU is four times as large as dW.
 * Tiles come in blocks: all threads transform a block's tiles, then all add its products, each
 * thread to points of its own. So no thread needs a sum of its own, and the order of summation is
 * fixed.
 *
 * With few channels the 36 sums fit the cache of one thread: there each piece is a range of tiles,
 * some at a time, with sums of its own, and what it transforms never leaves its cache. The number
 * of ranges is fixed, and their sums are added in order. */
#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"
#include "nn/conv/conv2d_winograd.h"

#include <string.h>

enum {
    POINTS = CONV2D_WINOGRAD_POINTS,
    TRANSFORM_TILES = 16,
    CHANNEL_BLOCK = 128,
    FILTERS = 4096,
    BLOCK_FLOATS = 1024 * 1024,
    PART_WEIGHTS = 256 * 256, /* channels in times out of a part */
    FEW_WEIGHTS = 64 * 64,    /* channels in times out: ranges of tiles */
    RANGES = 16,
    RANGE_TILES = 32
};

struct job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct conv2d_winograd_tiles tiles;
    int channel, channels; /* input channels channel .. channel + channels - 1 are worked on */
    int padded, out_c;     /* channels, and all output channels, padded */
    int first, n;          /* the block's tiles */
    float *v, *m;          /* 36 times [block tiles, padded] and [block tiles, out_c] */
    size_t v_point, m_point;
    float *du; /* 36 times [channels, out_c] */
    size_t du_point;
    float *sums; /* du for each range of tiles */
};

static bool has_few_channels(const struct conv2d *c)
{
    return (size_t)c->in.channels * (size_t)c->out.channels <= FEW_WEIGHTS;
}

/* Input channels of a part. */
static int part_channels(const struct conv2d *c)
{
    int channels = PART_WEIGHTS / conv2d_winograd_padded(c->out.channels) / 16 * 16;
    if (channels < 16)
        channels = 16;
    return channels < c->in.channels ? channels : c->in.channels;
}

static int block_tiles(const struct conv2d *c)
{
    int tiles = BLOCK_FLOATS / (POINTS * (conv2d_winograd_padded(part_channels(c)) +
                                          conv2d_winograd_padded(c->out.channels)));
    tiles = tiles / TRANSFORM_TILES * TRANSFORM_TILES;
    return tiles < 4 * TRANSFORM_TILES ? 4 * TRANSFORM_TILES : tiles;
}

/* Transforms n tiles from `first` on into the block, from its row `row` on. */
static void transform_tiles(const struct job *j, int row, int first, int n)
{
    const struct conv2d *c = j->conv;
    const struct kernels *k = kernels_get();
    size_t pitch = (size_t)c->in_pitch;
    for (int i = 0; i < n; i++) {
        struct conv2d_winograd_tile t = conv2d_winograd_tile_at(&j->tiles, first + i);
        k->winograd_input(j->v + (size_t)(row + i) * (size_t)j->padded, j->v_point,
                          j->x + t.image * pitch + (size_t)j->channel, pitch, t.top - 1, t.left - 1,
                          c->in.height, c->in.width, j->channels);
        k->winograd_gradient(j->m + (size_t)(row + i) * (size_t)j->out_c, j->m_point,
                             j->dy + t.pixel * (size_t)c->out.channels, t.rows, t.columns,
                             c->out.width, c->out.channels);
    }
}

/* du [n_channels, out_c] (+)= v^T x m of one point, over the block's first n tiles, for n_channels
 * from the first-th of those worked on. */
static void add_products(const struct job *j, float *du, size_t point, int first, int n_channels,
                         int n, bool accumulate)
{
    const struct kernels *k = kernels_get();
    int out_c = j->out_c;
    struct kernels_tile t = {.a_row = 1,
                             .a_step = (size_t)j->padded,
                             .depth = n,
                             .segments = 1,
                             .b_step = (size_t)out_c,
                             .c_row = (size_t)out_c,
                             .accumulate = accumulate};
    for (int out = 0; out < out_c; out += k->tile_columns) {
        int columns = out_c - out < k->tile_columns ? out_c - out : k->tile_columns;
        k->tile_product(du + out, j->v + point * j->v_point + first,
                        j->m + point * j->m_point + out, n_channels, columns, &t);
    }
}

static void transform_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    int row = piece * TRANSFORM_TILES;
    int n = j->n - row < TRANSFORM_TILES ? j->n - row : TRANSFORM_TILES;
    (void)worker;
    transform_tiles(j, row, j->first + row, n);
}

static int channel_blocks(const struct job *j)
{
    return (j->channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
}

/* Some input channels of one point. */
static void product_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    int first = piece % channel_blocks(j) * CHANNEL_BLOCK, left = j->channels - first;
    size_t point = (size_t)(piece / channel_blocks(j));
    float *du = j->du + point * j->du_point + (size_t)first * (size_t)j->out_c;
    (void)worker;
    add_products(j, du, point, first, left < CHANNEL_BLOCK ? left : CHANNEL_BLOCK, j->n,
                 j->first > 0);
}

/* n of the part's filters, which lie side by side in dU and dW, from the first-th of dW on. */
static void transform_filters(const struct job *j, size_t first, size_t n)
{
    const struct conv2d *c = j->conv;
    size_t out_c = (size_t)c->out.channels, row = first / out_c, column = first % out_c;
    kernels_get()->winograd_filter_gradient(
        c->weight->grad + (size_t)j->channel * out_c + first, (size_t)c->in.channels * out_c,
        j->du + row * (size_t)j->out_c + column, j->du_point, n);
}

/* Some of the part's filters, from dU to dW: all at once, or, where dU is padded, by rows. */
static void filter_piece(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    size_t out_c = (size_t)j->conv->out.channels, end = first + n;
    if (j->out_c == j->conv->out.channels) {
        transform_filters(j, first, n);
        return;
    }
    for (size_t next; first < end; first = next) {
        next = (first / out_c + 1) * out_c;
        next = next < end ? next : end;
        transform_filters(j, first, next - first);
    }
}

static void write_gradient(struct job *j)
{
    parallel_floats(filter_piece, j, (size_t)j->channels * (size_t)j->conv->out.channels, FILTERS);
}

/* 36 times the block's tiles, of the worked-on input channels and of the output channels. */
static size_t place_block(struct job *j, int tiles)
{
    j->padded = conv2d_winograd_padded(j->channels);
    j->v_point = conv2d_winograd_point((size_t)tiles * (size_t)j->padded);
    j->m_point = conv2d_winograd_point((size_t)tiles * (size_t)j->out_c);
    return POINTS * (j->v_point + j->m_point);
}

static void add_parts(struct job *j)
{
    const struct conv2d *c = j->conv;
    int all = j->tiles.n, tiles = block_tiles(c);
    j->channels = part_channels(c);
    j->du_point = conv2d_winograd_point((size_t)j->channels * (size_t)j->out_c);
    j->v = arena_floats(c->scratch, place_block(j, tiles));
    j->du = arena_floats(c->scratch, POINTS * j->du_point);
    if (arena_measures(c->scratch))
        return;
    j->m = j->v + POINTS * j->v_point;
    for (; j->channel < c->in.channels; j->channel += j->channels) {
        if (j->channels > c->in.channels - j->channel) {
            j->channels = c->in.channels - j->channel;
            j->padded = conv2d_winograd_padded(j->channels);
        }
        for (j->first = 0; j->first < all; j->first += j->n) {
            j->n = all - j->first < tiles ? all - j->first : tiles;
            parallel_for(transform_piece, j, (j->n + TRANSFORM_TILES - 1) / TRANSFORM_TILES);
            parallel_for(product_piece, j, POINTS * channel_blocks(j));
        }
        write_gradient(j);
    }
}

static void range_piece(void *context, int range, int worker)
{
    struct job j = *(const struct job *)context;
    float *du = j.sums + (size_t)range * POINTS * j.du_point;
    int first = (int)((int64_t)j.tiles.n * range / RANGES);
    int end = (int)((int64_t)j.tiles.n * (range + 1) / RANGES);
    j.v += (size_t)worker * POINTS * (j.v_point + j.m_point);
    j.m = j.v + POINTS * j.v_point;
    if (first == end)
        memset(du, 0, POINTS * j.du_point * sizeof *du);
    for (int at = first, n; at < end; at += n) {
        n = end - at < RANGE_TILES ? end - at : RANGE_TILES;
        transform_tiles(&j, 0, at, n);
        for (size_t p = 0; p < POINTS; p++)
            add_products(&j, du + p * j.du_point, p, 0, j.channels, n, at > first);
    }
}

static void add_ranges(struct job *j)
{
    const struct conv2d *c = j->conv;
    j->channels = c->in.channels;
    j->du_point = conv2d_winograd_point((size_t)c->in.channels * (size_t)j->out_c);
    j->v = arena_floats(c->scratch, place_block(j, RANGE_TILES) * (size_t)parallel_threads());
    j->sums = arena_floats(c->scratch, RANGES * POINTS * j->du_point);
    j->du = arena_floats(c->scratch, POINTS * j->du_point);
    if (arena_measures(c->scratch))
        return;
    parallel_for(range_piece, j, RANGES);
    conv2d_method_sum(j->du, j->sums, POINTS * j->du_point, RANGES);
    write_gradient(j);
}

void conv2d_winograd_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    struct job j = {.conv = c,
                    .x = x,
                    .dy = dy,
                    .tiles = conv2d_winograd_tiles_of(c->out, samples),
                    .out_c = conv2d_winograd_padded(c->out.channels)};
    size_t mark = c->scratch->used;
    if (has_few_channels(c))
        add_ranges(&j);
    else
        add_parts(&j);
    arena_release(c->scratch, mark);
}
