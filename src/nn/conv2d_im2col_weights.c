/* dW [taps*C, K] = sum over positions of im2col(x)^T [taps*C, P] x dy [P, K].
 *
 * Cut into pieces by shape alone: small filters by ranges of positions, each piece with a sum of
 * its own, added up in order; large ones by taps as well, so that the sums of the ranges do not
 * fill the memory. */
#include "nn/conv2d_im2col_weights.h"

#include "base/parallel.h"
#include "math/gemm.h"
#include "math/im2col.h"
#include "nn/conv2d_partial.h"

enum { PIECES = 16, LARGE_FILTER_FLOATS = 256 * 1024, TILE_FLOATS = 96 * 1024 };

struct weights_job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    int tap_pieces, ranges;
    size_t filter_floats;
};

static size_t filter_floats(const struct conv2d *c)
{
    return (size_t)c->kernel * c->kernel * c->in_c * c->out_c;
}

static int tap_pieces(const struct conv2d *c)
{
    return filter_floats(c) > LARGE_FILTER_FLOATS ? c->kernel * c->kernel : 1;
}

static int ranges(const struct conv2d *c)
{
    return (PIECES + tap_pieces(c) - 1) / tap_pieces(c);
}

static int depth(const struct conv2d *c)
{
    return tap_pieces(c) > 1 ? c->in_c : c->kernel * c->kernel * c->in_c;
}

/* Position rows of a tile; by shape alone, for they decide the order of summation. */
static int tile_rows(const struct conv2d *c)
{
    int rows = (int)(TILE_FLOATS / ((int64_t)c->out_w * depth(c)));
    return rows < 1 ? 1 : rows < c->out_h ? rows : c->out_h;
}

void conv2d_im2col_weights_need(const struct conv2d *c, struct workspace *w)
{
    build_need(&w->tile_floats, (size_t)tile_rows(c) * c->out_w * depth(c));
    build_need(&w->partial_floats, filter_floats(c) * ranges(c));
}

/* One range of position rows (counted over samples laid end to end) for all taps or one. */
static void weights_piece(void *context, int piece, int worker)
{
    const struct weights_job *j = context;
    const struct conv2d *c = j->conv;
    int range = piece / j->tap_pieces, tap = piece % j->tap_pieces;
    int64_t rows = (int64_t)c->out_h * j->samples.n;
    int row = (int)(rows * range / j->ranges), end = (int)(rows * (range + 1) / j->ranges);

    struct im2col_run run[MODEL_MAX_KERNEL];
    struct im2col_shape shape = {c->in_h, c->in_w, c->in_c, c->out_w, c->stride, run, 1};
    if (j->tap_pieces > 1) {
        run[0] = (struct im2col_run){tap / c->kernel - c->pad, tap % c->kernel - c->pad, 1};
    } else {
        shape.n_runs = c->kernel;
        for (int r = 0; r < c->kernel; r++)
            run[r] = (struct im2col_run){r - c->pad, -c->pad, c->kernel};
    }
    float *sum =
        c->workspace->partial + range * j->filter_floats + (size_t)tap * depth(c) * c->out_c;
    float *col = c->workspace->tile + worker * c->workspace->tile_floats;
    if (row == end)
        for (size_t i = 0; i < (size_t)depth(c) * c->out_c; i++)
            sum[i] = 0;

    for (bool first = true; row < end; first = false) {
        int sample = j->samples.index[row / c->out_h], in_sample = row % c->out_h;
        int n = tile_rows(c) < c->out_h - in_sample ? tile_rows(c) : c->out_h - in_sample;
        if (n > end - row)
            n = end - row;
        im2col(col, j->x + (size_t)sample * c->in_h * c->in_w * c->in_c, &shape, in_sample, n);
        const float *dy = j->dy + ((size_t)sample * c->out_h + in_sample) * c->out_w * c->out_c;
        gemm_tn(sum, col, dy, depth(c), c->out_c, n * c->out_w, depth(c), c->out_c, c->out_c,
                first ? 0.0f : 1.0f); /* sum [D,K] (+)= col^T [D,P] x dy [P,K] */
        row += n;
    }
}

void conv2d_im2col_weights(const struct conv2d *c, const float *x, const float *dy,
                           struct samples samples)
{
    struct weights_job j = {c, x, dy, samples, tap_pieces(c), ranges(c), filter_floats(c)};
    parallel_for(weights_piece, &j, j.tap_pieces * j.ranges);
    conv2d_partial_sum(c->weight->grad, c->workspace->partial, j.filter_floats, j.ranges);
}
