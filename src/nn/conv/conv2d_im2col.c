/* Tiles of im2col rows, and their products by BLAS: any shape; the reference.
 *
 * A tile is some rows of one sample; how many depends on the shape alone. A tile that spanned
 * samples would pack the filter less often for small images, but BLAS may sum in another order when
 * a product has other rows beside (OpenBLAS's Haswell kernels do), and then what an image gets
 * would depend on its neighbours in the batch.
 *
 * dW [taps*C, K] = sum over positions of im2col(x)^T [taps*C, P] x dy [P, K]: cut into pieces by
 * shape alone; small filters by ranges of positions, each piece with a sum of its own, added up in
 * order; large ones by taps as well, so that the sums of the ranges do not fill the memory. */
#include "base/parallel.h"
#include "math/gemm.h"
#include "math/im2col.h"
#include "nn/conv/conv2d_method.h"
#include "nn/conv/conv2d_phases.h"

/* A tile's im2col rows should stay in the second-level cache, but BLAS packs the whole filter anew
 * for each product: with too few positions deep layers pack more than they multiply. */
enum { TILE_FLOATS = 96 * 1024, TILE_MIN_POSITIONS = 192 };
enum { PIECES = 16, LARGE_FILTER_FLOATS = 256 * 1024 };

/* Whether the first `rows` position rows are the source's own pixels, one behind the other: a 1x1
 * convolution of stride 1. */
static bool is_pointwise(const struct im2col_shape *s, int rows)
{
    return rows <= s->height && s->n_runs == 1 && s->run[0].n == 1 && s->run[0].dh == 0 &&
           s->run[0].dw == 0 && s->step == 1 && s->out_width == s->width;
}

static bool fits(const struct conv2d *c, enum conv2d_pass pass)
{
    (void)pass;
    return c->groups == 1;
}

struct tiles_job {
    const struct conv2d_phase *phase;
    int rows_each, per_sample; /* position rows of a tile, tiles of a sample */
    float *memory;             /* for each worker: col, then a product */
    size_t col_floats, worker_floats;
};

/* Multiplies `rows` position rows of col, which begin at row `first` of a sample and are col_pitch
 * floats apart from position to position. With spread 1 the product lands in place; else in
 * `product` and from there in every spread-th pixel. */
static void multiply_rows(const struct conv2d_phase *g, const float *col, int col_pitch,
                          float *product, int sample, int first, int rows)
{
    int width = g->shape.out_width, out_c = g->out_shape.channels;
    size_t pitch = (size_t)g->out_pitch;
    float *image = conv2d_phase_out(g, sample);
    if (g->spread == 1) {
        float *out = image + (size_t)first * (size_t)width * pitch;
        gemm_nn(out, col, g->filter, rows * width, out_c, g->depth, col_pitch, out_c, g->out_pitch,
                g->accumulate ? 1.0f : 0.0f); /* out [P,K] (+)= col [P,D] x filter [D,K] */
        if (g->finish)
            conv2d_method_finish(g->finish, image, g->out_shape, sample, first, rows);
        return;
    }
    gemm_nn(product, col, g->filter, rows * width, out_c, g->depth, col_pitch, out_c, out_c, 0.0f);
    for (int r = 0; r < rows; r++) {
        size_t row = (size_t)((first + r) * g->spread + g->top);
        float *pixel = image + (row * (size_t)g->out_shape.width + (size_t)g->left) * pitch;
        const float *in = product + (size_t)r * (size_t)width * (size_t)out_c;
        for (int p = 0; p < width; p++, in += out_c, pixel += (size_t)g->spread * pitch)
            for (int k = 0; k < out_c; k++)
                pixel[k] = g->accumulate ? pixel[k] + in[k] : in[k];
    }
}

static void tile_piece(void *context, int piece, int worker)
{
    const struct tiles_job *j = context;
    const struct conv2d_phase *g = j->phase;
    int sample = g->samples.index[piece / j->per_sample],
        first = piece % j->per_sample * j->rows_each;
    int rows = g->rows - first < j->rows_each ? g->rows - first : j->rows_each;
    bool pointwise = is_pointwise(&g->shape, g->rows);
    const float *source = conv2d_phase_source(g, sample);
    float *col = j->memory + (size_t)worker * j->worker_floats;
    const float *rows_of_source = col;
    if (pointwise)
        rows_of_source = source + (size_t)first * (size_t)g->shape.width * (size_t)g->shape.pitch;
    else
        im2col(col, source, &g->shape, first, rows);
    multiply_rows(g, rows_of_source, pointwise ? g->shape.pitch : g->depth, col + j->col_floats,
                  sample, first, rows);
}

static void run_phase(const struct conv2d_phase *g)
{
    struct tiles_job j = {.phase = g};
    int width = g->shape.out_width, positions = TILE_FLOATS / g->depth;
    if (positions < TILE_MIN_POSITIONS)
        positions = TILE_MIN_POSITIONS;
    j.rows_each = (positions + width - 1) / width;
    if (j.rows_each > g->rows)
        j.rows_each = g->rows;
    j.per_sample = (g->rows + j.rows_each - 1) / j.rows_each;
    size_t tile = (size_t)j.rows_each * (size_t)width;
    j.col_floats = is_pointwise(&g->shape, g->rows) ? 0 : tile * (size_t)g->depth;
    j.worker_floats = j.col_floats + (g->spread == 1 ? 0 : tile * (size_t)g->out_shape.channels);

    size_t mark = g->scratch->used;
    j.memory = arena_floats(g->scratch, j.worker_floats * (size_t)parallel_threads());
    if (!arena_measures(g->scratch))
        parallel_for(tile_piece, &j, g->samples.n * j.per_sample);
    arena_release(g->scratch, mark);
}

static void run(const struct conv2d *c, enum conv2d_pass pass, float *out, const float *source,
                struct samples samples, bool accumulate, const struct conv2d_finish *finish)
{
    conv2d_phases_run(c, pass, out, source, samples, accumulate, finish, run_phase);
}

struct weights_job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    int tap_pieces, ranges, depth; /* depth: rows of a piece's sum */
    int rows_each;                 /* position rows of a tile; they decide the order of summation */
    size_t filter_floats, col_floats;
    float *sums, *cols;
};

/* One range of position rows (counted over samples laid end to end) for all taps or one. */
static void weights_piece(void *context, int piece, int worker)
{
    const struct weights_job *j = context;
    const struct conv2d *c = j->conv;
    int range = piece / j->tap_pieces, tap = piece % j->tap_pieces;
    int64_t rows = (int64_t)c->out.height * j->samples.n;
    int row = (int)(rows * range / j->ranges), end = (int)(rows * (range + 1) / j->ranges);
    size_t sum_floats = (size_t)j->depth * (size_t)c->out.channels;

    struct im2col_run run[LAYER_MAX_KERNEL];
    struct im2col_shape shape = {
        c->in.height, c->in.width, c->in.channels, c->in_pitch, c->out.width, c->stride, run, 1};
    if (j->tap_pieces > 1) {
        run[0] =
            (struct im2col_run){tap / c->kernel - c->pad_top, tap % c->kernel - c->pad_left, 1};
    } else {
        shape.n_runs = c->kernel;
        for (int r = 0; r < c->kernel; r++)
            run[r] = (struct im2col_run){r - c->pad_top, -c->pad_left, c->kernel};
    }
    bool pointwise = is_pointwise(&shape, c->out.height);
    float *sum = j->sums + (size_t)range * j->filter_floats + (size_t)tap * sum_floats;
    float *col = j->cols + (size_t)worker * j->col_floats;
    if (row == end)
        for (size_t i = 0; i < sum_floats; i++)
            sum[i] = 0;

    for (bool first = true; row < end; first = false) {
        int sample = j->samples.index[row / c->out.height], in_sample = row % c->out.height;
        int n = j->rows_each < c->out.height - in_sample ? j->rows_each : c->out.height - in_sample;
        if (n > end - row)
            n = end - row;
        const float *x = j->x + (size_t)sample * conv2d_in_floats(c), *rows_of_x = col;
        if (pointwise)
            rows_of_x = x + (size_t)in_sample * (size_t)c->in.width * (size_t)c->in_pitch;
        else
            im2col(col, x, &shape, in_sample, n);
        const float *dy = j->dy + (size_t)sample * shape_floats(c->out) +
                          (size_t)in_sample * (size_t)c->out.width * (size_t)c->out.channels;
        gemm_tn(sum, rows_of_x, dy, j->depth, c->out.channels, n * c->out.width,
                pointwise ? c->in_pitch : j->depth, c->out.channels, c->out.channels,
                first ? 0.0f : 1.0f); /* sum [D,K] (+)= col^T [D,P] x dy [P,K] */
        row += n;
    }
}

static void weights(const struct conv2d *c, const float *x, const float *dy, struct samples samples)
{
    int taps = c->kernel * c->kernel;
    struct weights_job j = {.conv = c, .x = x, .dy = dy, .samples = samples};
    j.filter_floats = (size_t)taps * (size_t)c->in.channels * (size_t)c->out.channels;
    j.tap_pieces = j.filter_floats > LARGE_FILTER_FLOATS ? taps : 1;
    j.ranges = (PIECES + j.tap_pieces - 1) / j.tap_pieces;
    j.depth = j.tap_pieces > 1 ? c->in.channels : taps * c->in.channels;
    int rows = (int)(TILE_FLOATS / ((int64_t)c->out.width * j.depth));
    j.rows_each = rows < 1 ? 1 : rows < c->out.height ? rows : c->out.height;
    j.col_floats = (size_t)j.rows_each * (size_t)c->out.width * (size_t)j.depth;

    size_t mark = c->scratch->used;
    j.sums = arena_floats(c->scratch, j.filter_floats * (size_t)j.ranges);
    j.cols = arena_floats(c->scratch, j.col_floats * (size_t)parallel_threads());
    if (!arena_measures(c->scratch)) {
        parallel_for(weights_piece, &j, j.tap_pieces * j.ranges);
        conv2d_method_sum(c->weight->grad, j.sums, j.filter_floats, j.ranges);
    }
    arena_release(c->scratch, mark);
}

const struct conv2d_method conv2d_im2col = {"im2col", true, fits, run, weights};
