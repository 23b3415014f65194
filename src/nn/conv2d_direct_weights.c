/* dW[r] [kernel*C, K] = sum over position rows of (band row under filter row r)^T x (dy row): the
 * micro-kernel with A read across.
 *
 * Pieces by shape alone: blocks of output channels for large filters, ranges of position rows with
 * a sum each for small ones. */
#include "nn/conv2d_direct.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv2d_partial.h"

enum { PIECES = 16, LARGE_FILTER_FLOATS = 128 * 1024, BAND_FLOATS = 64 * 1024 };

struct job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    const struct kernels *kernels;
    struct im2col_shape shape;
    struct im2col_run run[MODEL_MAX_KERNEL];
    size_t filter_floats;
    int blocks, ranges;
};

static size_t filter_floats(const struct conv2d *c)
{
    return (size_t)c->kernel * c->kernel * c->in_c * c->out_c;
}

/* Blocks of output channels, in units of 16: several for a large filter. Each copies the band anew.
 */
static int blocks(const struct conv2d *c)
{
    int units = c->out_c / 16, wanted = filter_floats(c) > LARGE_FILTER_FLOATS ? PIECES / 2 : 1;
    return units < wanted ? units : wanted;
}

static int block_begin(const struct conv2d *c, int block)
{
    return c->out_c / 16 * block / blocks(c) * 16;
}

static int ranges(const struct conv2d *c)
{
    return PIECES / blocks(c);
}

static int band_rows(const struct conv2d *c)
{
    int rows = BAND_FLOATS / ((c->in_w + c->kernel) * c->in_c * c->stride);
    return rows < 1 ? 1 : rows;
}

void conv2d_direct_weights_need(const struct conv2d *c, struct workspace *w)
{
    size_t row = (size_t)(c->in_w + c->kernel) * c->in_c;
    build_need(&w->tile_floats, row * ((size_t)band_rows(c) * c->stride + c->kernel));
    build_need(&w->partial_floats, filter_floats(c) * ranges(c));
}

static void range_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct conv2d *c = j->conv;
    int range = piece / j->blocks, block = piece % j->blocks;
    int first_column = block_begin(c, block), end_column = block_begin(c, block + 1);
    int64_t all = (int64_t)c->out_h * j->samples.n;
    int row = (int)(all * range / j->ranges), end = (int)(all * (range + 1) / j->ranges);
    float *sum = c->workspace->partial + range * j->filter_floats;
    float *band = c->workspace->tile + worker * c->workspace->tile_floats;
    size_t filter_row = (size_t)c->kernel * c->in_c;

    if (row == end)
        for (size_t d = 0; d < filter_row * c->kernel; d++)
            for (int k = first_column; k < end_column; k++)
                sum[d * c->out_c + k] = 0;
    for (bool first = true; row < end; first = false) {
        int sample = j->samples.index[row / c->out_h], in_sample = row % c->out_h;
        int n = band_rows(c) < c->out_h - in_sample ? band_rows(c) : c->out_h - in_sample;
        n = n < end - row ? n : end - row;
        conv2d_direct_fill(band, j->x + (size_t)sample * c->in_h * c->in_w * c->in_c, &j->shape,
                           in_sample, n);
        size_t band_row = (size_t)conv2d_direct_band(&j->shape, n).width * c->in_c;
        struct kernels_tile t = {.a_row = 1,
                                 .a_step = (size_t)c->stride * c->in_c,
                                 .depth = c->out_w,
                                 .segments = n,
                                 .a_segment = c->stride * band_row,
                                 .b_step = c->out_c,
                                 .c_row = c->out_c,
                                 .accumulate = !first};
        const float *dy = j->dy + ((size_t)sample * c->out_h + in_sample) * c->out_w * c->out_c;
        for (int k = first_column; k < end_column; k += j->kernels->tile_columns) {
            int left = end_column - k;
            int columns = left < j->kernels->tile_columns ? left : j->kernels->tile_columns;
            for (int r = 0; r < c->kernel; r++)
                j->kernels->tile_product(sum + r * filter_row * c->out_c + k, band + r * band_row,
                                         dy + k, (int)filter_row, columns, &t);
        }
        row += n;
    }
}

void conv2d_direct_weights(const struct conv2d *c, const float *x, const float *dy,
                           struct samples samples)
{
    struct job j = {.conv = c,
                    .x = x,
                    .dy = dy,
                    .samples = samples,
                    .kernels = kernels_get(),
                    .shape = {c->in_h, c->in_w, c->in_c, c->out_w, c->stride, j.run, c->kernel},
                    .filter_floats = filter_floats(c),
                    .blocks = blocks(c),
                    .ranges = ranges(c)};
    for (int r = 0; r < c->kernel; r++)
        j.run[r] = (struct im2col_run){r - c->pad, -c->pad, c->kernel};
    parallel_for(range_piece, &j, j.blocks * j.ranges);
    conv2d_partial_sum(c->weight->grad, c->workspace->partial, j.filter_floats, j.ranges);
}
