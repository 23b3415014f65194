/* Two ways, by which is larger, the tiles or the filter. Here: the filter is transformed once, then
 * blocks of tiles go through all three steps on one thread. A block has few tiles, so that its 36 x
 * tiles x channels values stay in the thread's cache (up to some 256 channels); the transformed
 * filter streams past, each value of it used once for each tile. Where it is too large for that:
 * conv2d_winograd_filter_blocks.c. */
#include "nn/conv/conv2d_winograd.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"
#include "nn/conv/conv2d_phases.h"

#include <assert.h>

enum {
    POINTS = CONV2D_WINOGRAD_POINTS,
    TILE = CONV2D_WINOGRAD_TILE,
    BLOCK_TILES = 28 /* twice the rows of the v4 micro-kernel */
};

/* Few channels that fill no vector would be padded to twice as many. */
static bool are_many(int channels)
{
    return channels % 16 == 0 || channels >= 24;
}

static bool fits(const struct conv2d *c, enum conv2d_pass pass)
{
    (void)pass;
    return c->groups == 1 && c->kernel == 3 && c->stride == 1 && c->pad_top == 1 &&
           c->pad_left == 1 && c->out.height == c->in.height && c->out.width == c->in.width &&
           are_many(c->in.channels) && are_many(c->out.channels);
}

struct conv2d_winograd_tiles conv2d_winograd_tiles_of(struct shape image, struct samples samples)
{
    int across = (image.width + TILE - 1) / TILE;
    int per_sample = (image.height + TILE - 1) / TILE * across;
    return (struct conv2d_winograd_tiles){.height = image.height,
                                          .width = image.width,
                                          .across = across,
                                          .per_sample = per_sample,
                                          .n = per_sample * samples.n,
                                          .samples = samples};
}

static int inside(int first, int size)
{
    return size - first < TILE ? size - first : TILE;
}

struct conv2d_winograd_tile conv2d_winograd_tile_at(const struct conv2d_winograd_tiles *t, int tile)
{
    int in_sample = tile % t->per_sample;
    int top = in_sample / t->across * TILE, left = in_sample % t->across * TILE;
    size_t width = (size_t)t->width,
           image = (size_t)t->samples.index[tile / t->per_sample] * (size_t)t->height * width;
    return (struct conv2d_winograd_tile){.image = image,
                                         .pixel = image + (size_t)top * width + (size_t)left,
                                         .top = top,
                                         .left = left,
                                         .rows = inside(top, t->height),
                                         .columns = inside(left, t->width)};
}

struct job {
    const struct conv2d_winograd_run *conv;
    struct conv2d_winograd_tiles tiles;
    const struct kernels *kernels;
    float *filter; /* transformed: 36 times whole panels of tile_columns output channels */
    size_t filter_point;
    float *memory; /* for each worker: transformed tiles of source and out */
    size_t worker_floats;
    int blocks;
};

static int padded_in(const struct job *j)
{
    return conv2d_winograd_padded(j->conv->in_c);
}

static int padded_out(const struct job *j)
{
    return conv2d_winograd_padded(j->conv->out_c);
}

static int at_most_16(size_t n)
{
    return n < 16 ? (int)n : 16;
}

/* The filters of one input channel: 16 output channels at a time into their panel [in_c,
 * tile_columns]. */
static void filter_piece(void *context, int channel, int worker)
{
    const struct job *j = context;
    const struct conv2d_winograd_run *c = j->conv;
    size_t panel = (size_t)j->kernels->tile_columns, in_c = (size_t)c->in_c,
           out_c = (size_t)c->out_c;
    (void)worker;
    conv2d_winograd_ask_for(c->filter + (size_t)(channel + 1) * out_c, in_c * out_c, c->out_c);
    for (size_t k = 0; k < out_c; k += 16) {
        size_t at = k / panel * panel * in_c + (size_t)channel * panel + k % panel;
        j->kernels->winograd_filter(j->filter + at, j->filter_point,
                                    c->filter + (size_t)channel * out_c + k, in_c * out_c,
                                    at_most_16(out_c - k));
    }
}

/* m [tiles, out_c] = v [tiles, in_c] x u [in_c, out_c], for each point; rows are padded. */
static void multiply_points(const struct job *j, float *m, size_t m_point, const float *v,
                            size_t v_point, int tiles)
{
    const struct conv2d_winograd_run *c = j->conv;
    int panel = j->kernels->tile_columns;
    int out_c = padded_out(j);
    struct kernels_tile t = {.a_row = (size_t)padded_in(j),
                             .a_step = 1,
                             .depth = c->in_c,
                             .segments = 1,
                             .b_step = (size_t)panel,
                             .c_row = (size_t)out_c};
    for (size_t p = 0; p < POINTS; p++)
        for (int k = 0; k < out_c; k += panel) {
            int n = out_c - k < panel ? out_c - k : panel;
            j->kernels->tile_product(m + p * m_point + k, v + p * v_point,
                                     j->filter + p * j->filter_point + (size_t)k * (size_t)c->in_c,
                                     tiles, n, &t);
        }
}

static void block_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct conv2d_winograd_run *c = j->conv;
    int64_t all = j->tiles.n;
    int first = (int)(all * piece / j->blocks), n = (int)(all * (piece + 1) / j->blocks) - first;
    size_t in_c = (size_t)padded_in(j), out_c = (size_t)padded_out(j),
           source_pitch = (size_t)c->source_pitch, out_pitch = (size_t)c->out_pitch;
    size_t v_point = conv2d_winograd_point((size_t)n * in_c),
           m_point = conv2d_winograd_point((size_t)n * out_c);
    float *v = j->memory + (size_t)worker * j->worker_floats, *m = v + POINTS * v_point;

    for (int i = 0; i < n; i++) {
        struct conv2d_winograd_tile t = conv2d_winograd_tile_at(&j->tiles, first + i);
        j->kernels->winograd_input(v + (size_t)i * in_c, v_point,
                                   c->source + t.image * source_pitch, source_pitch, t.top - 1,
                                   t.left - 1, j->tiles.height, j->tiles.width, c->in_c);
    }
    multiply_points(j, m, m_point, v, v_point, n);
    for (int i = 0; i < n; i++) {
        struct conv2d_winograd_tile t = conv2d_winograd_tile_at(&j->tiles, first + i);
        j->kernels->winograd_output(
            c->out + t.pixel * out_pitch, (size_t)j->tiles.width * out_pitch, out_pitch,
            m + (size_t)i * out_c, m_point, t.rows, t.columns, c->out_c, c->accumulate);
    }
}

static size_t block_point(int channels)
{
    return conv2d_winograd_point(BLOCK_TILES * (size_t)conv2d_winograd_padded(channels));
}

static void run_tile_blocks(const struct conv2d_winograd_run *c)
{
    size_t panel = (size_t)kernels_get()->tile_columns, in_c = (size_t)c->in_c,
           out_c = (size_t)c->out_c, mark = c->scratch->used;
    struct job j = {.conv = c,
                    .tiles = conv2d_winograd_tiles_of(c->shape, c->samples),
                    .kernels = kernels_get(),
                    .filter_point =
                        conv2d_winograd_point(in_c * ((out_c + panel - 1) / panel * panel)),
                    .worker_floats = POINTS * (block_point(c->in_c) + block_point(c->out_c))};
    /* Blocks of equal size: at most BLOCK_TILES, and an even number of them, for two threads. */
    j.blocks = (j.tiles.n + BLOCK_TILES - 1) / BLOCK_TILES;
    j.blocks += j.blocks % 2 && j.blocks < j.tiles.n;
    j.filter = arena_floats(c->scratch, POINTS * j.filter_point);
    j.memory = arena_floats(c->scratch, j.worker_floats * (size_t)parallel_threads());
    if (!arena_measures(c->scratch)) {
        parallel_for(filter_piece, &j, c->in_c);
        parallel_for(block_piece, &j, j.blocks);
    }
    arena_release(c->scratch, mark);
}

static void run(const struct conv2d *c, enum conv2d_pass pass, float *out, const float *source,
                struct samples samples, bool accumulate, const struct conv2d_finish *finish)
{
    assert(!finish);
    bool forward = pass == CONV2D_FORWARD, measures = arena_measures(c->scratch);
    size_t mark = c->scratch->used;
    struct conv2d_winograd_run r = {.out = out,
                                    .source = source,
                                    .shape = forward ? c->in : c->out,
                                    .in_c = forward ? c->in.channels : c->out.channels,
                                    .out_c = forward ? c->out.channels : c->in.channels,
                                    .source_pitch = forward ? c->in_pitch : c->out.channels,
                                    .out_pitch = forward ? c->out.channels : c->in_pitch,
                                    .samples = samples,
                                    .accumulate = accumulate,
                                    .scratch = c->scratch};
    if (forward) {
        r.filter = measures ? NULL : c->weight->data;
    } else {
        float *turned = arena_floats(c->scratch, 9 * (size_t)r.in_c * (size_t)r.out_c);
        if (!measures)
            conv2d_phases_turn(turned, c);
        r.filter = turned;
    }
    if (conv2d_winograd_takes_filter_blocks(&r))
        conv2d_winograd_run_filter_blocks(&r);
    else
        run_tile_blocks(&r);
    arena_release(c->scratch, mark);
}

const struct conv2d_method conv2d_winograd = {"winograd", false, fits, run,
                                              conv2d_winograd_weights};
