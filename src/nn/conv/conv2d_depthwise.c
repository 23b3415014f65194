/* Each channel with a filter of its own: nothing to multiply as matrices. Pieces are rows of one
 * sample; the gradient of the filter is summed over ranges of rows, counted over samples laid end
 * to end, whose sums are added up in order. */
#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"

#include <string.h>

enum { PIECE_FLOATS = 32 * 1024, RANGES = 16 };

static bool fits(const struct conv2d *c, enum conv2d_pass pass)
{
    (void)pass;
    return c->groups > 1 && c->groups == c->in.channels && c->groups == c->out.channels;
}

static struct kernels_depthwise shape_of(const struct conv2d *c)
{
    return (struct kernels_depthwise){.height = c->in.height,
                                      .width = c->in.width,
                                      .channels = c->in.channels,
                                      .out_height = c->out.height,
                                      .out_width = c->out.width,
                                      .kernel = c->kernel,
                                      .stride = c->stride,
                                      .top = c->pad_top,
                                      .left = c->pad_left};
}

struct run_job {
    const struct conv2d *conv;
    enum conv2d_pass pass;
    float *out;
    const float *source;
    struct samples samples;
    bool accumulate;
    const struct conv2d_finish *finish;
    struct kernels_depthwise shape;
    struct shape from, to; /* of source and out */
    int rows_each, per_sample;
};

/* What follows goes into the kernel where it needs no more than that has. */
static void forward_rows(const struct run_job *j, float *out, const float *source, int sample,
                         int first, int rows)
{
    const struct conv2d_finish *f = j->finish;
    bool in_kernel = f && f->y == j->out && !f->residual;
    kernels_get()->depthwise_forward(out, source, j->conv->weight->data,
                                     in_kernel ? &f->epilogue : NULL, &j->shape, first, rows);
    if (f && !in_kernel)
        conv2d_method_finish(f, out, j->to, sample, first, rows);
}

static void run_piece(void *context, int piece, int worker)
{
    const struct run_job *j = context;
    size_t sample = (size_t)j->samples.index[piece / j->per_sample];
    int first = piece % j->per_sample * j->rows_each;
    int rows = j->to.height - first < j->rows_each ? j->to.height - first : j->rows_each;
    float *out = j->out + sample * shape_floats(j->to);
    const float *source = j->source + sample * shape_floats(j->from);
    (void)worker;
    if (j->pass == CONV2D_FORWARD)
        forward_rows(j, out, source, (int)sample, first, rows);
    else
        kernels_get()->depthwise_backward_data(out, source, j->conv->weight->data, &j->shape, first,
                                               rows, j->accumulate);
}

static void run(const struct conv2d *c, enum conv2d_pass pass, float *out, const float *source,
                struct samples samples, bool accumulate, const struct conv2d_finish *finish)
{
    bool forward = pass == CONV2D_FORWARD;
    struct run_job j = {.conv = c,
                        .pass = pass,
                        .out = out,
                        .source = source,
                        .samples = samples,
                        .accumulate = accumulate,
                        .finish = finish,
                        .shape = shape_of(c),
                        .from = forward ? c->in : c->out,
                        .to = forward ? c->out : c->in};
    if (arena_measures(c->scratch))
        return;
    int rows = PIECE_FLOATS / (j.to.width * j.to.channels);
    j.rows_each = rows < 1 ? 1 : rows;
    j.per_sample = (j.to.height + j.rows_each - 1) / j.rows_each;
    parallel_for(run_piece, &j, samples.n * j.per_sample);
}

struct weights_job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    struct kernels_depthwise shape;
    float *sums; /* a filter for each range */
};

static void range_piece(void *context, int range, int worker)
{
    const struct weights_job *j = context;
    const struct conv2d *c = j->conv;
    int64_t all = (int64_t)c->out.height * j->samples.n;
    int row = (int)(all * range / RANGES), end = (int)(all * (range + 1) / RANGES);
    float *sum = j->sums + (size_t)range * c->weight->size;
    (void)worker;
    if (row == end)
        memset(sum, 0, c->weight->size * sizeof *sum);
    for (bool first = true; row < end; first = false) {
        size_t sample = (size_t)j->samples.index[row / c->out.height];
        int in_sample = row % c->out.height, left = c->out.height - in_sample;
        int n = left < end - row ? left : end - row;
        kernels_get()->depthwise_backward_weights(sum, j->x + sample * shape_floats(c->in),
                                                  j->dy + sample * shape_floats(c->out), &j->shape,
                                                  in_sample, n, !first);
        row += n;
    }
}

static void weights(const struct conv2d *c, const float *x, const float *dy, struct samples samples)
{
    struct weights_job j = {.conv = c, .x = x, .dy = dy, .samples = samples, .shape = shape_of(c)};
    size_t mark = c->scratch->used,
           filter = (size_t)(c->kernel * c->kernel) * (size_t)c->in.channels;
    j.sums = arena_floats(c->scratch, filter * RANGES);
    if (!arena_measures(c->scratch)) {
        parallel_for(range_piece, &j, RANGES);
        conv2d_method_sum(c->weight->grad, j.sums, filter, RANGES);
    }
    arena_release(c->scratch, mark);
}

static bool fits_whole(const struct conv2d *c)
{
    return fits(c, CONV2D_BACKWARD_DATA);
}

/* The whole backward pass: ranges of dx's rows, some rows at a time, whose dy and x are in the
 * cache for dw, for dx and for its mask. */
struct backward_job {
    const struct conv2d *conv;
    const struct conv2d_backward *how;
    float *dx;
    const float *dy, *x;
    struct samples samples;
    struct kernels_depthwise shape;
    int rows_each;
    float *filter;      /* what dx is computed with */
    float *sums;        /* a filter for each range */
    double *below_sums; /* conv2d_method_mask's for each range */
};

/* The rows of dy before this one belong to the rows of dx before `row`. */
static int dy_row(const struct conv2d *c, int row)
{
    int at = (row + c->stride - 1) / c->stride;
    return row == c->in.height || at > c->out.height ? c->out.height : at;
}

static void backward_rows(const struct backward_job *j, int range, size_t sample, int first,
                          int rows, bool is_first)
{
    const struct conv2d *c = j->conv;
    size_t row = (size_t)c->in.width * (size_t)c->in.channels;
    const float *x = j->x + sample * shape_floats(c->in);
    const float *dy = j->dy + sample * shape_floats(c->out);
    int dy_first = dy_row(c, first), dy_end = dy_row(c, first + rows);

    kernels_get()->depthwise_backward_weights(j->sums + (size_t)range * c->weight->size, x, dy,
                                              &j->shape, dy_first, dy_end - dy_first, !is_first);
    if (!j->dx)
        return;
    float *dx = j->dx + sample * shape_floats(c->in);
    kernels_get()->depthwise_backward_data(dx, dy, j->filter, &j->shape, first, rows,
                                           j->how->accumulate);
    if (j->how->below)
        conv2d_method_mask(j->how->below,
                           j->below_sums + (size_t)(2 * range) * (size_t)c->in.channels,
                           dx + (size_t)first * row, x + (size_t)first * row,
                           (size_t)rows * (size_t)c->in.width, c->in.channels, is_first);
}

static void backward_range(void *context, int range, int worker)
{
    const struct backward_job *j = context;
    const struct conv2d *c = j->conv;
    int64_t all = (int64_t)c->in.height * j->samples.n;
    int row = (int)(all * range / RANGES), end = (int)(all * (range + 1) / RANGES);
    (void)worker;
    if (row == end) {
        memset(j->sums + (size_t)range * c->weight->size, 0, c->weight->size * sizeof(float));
        memset(j->below_sums + (size_t)(2 * range) * (size_t)c->in.channels, 0,
               (size_t)c->in.channels * sizeof(double));
    }
    for (bool is_first = true; row < end; is_first = false) {
        int in_sample = row % c->in.height, left = c->in.height - in_sample;
        int n = left < end - row ? left : end - row;
        n = n < j->rows_each ? n : j->rows_each;
        backward_rows(j, range, (size_t)j->samples.index[row / c->in.height], in_sample, n,
                      is_first);
        row += n;
    }
}

/* A tap of the filter that dx is computed with. */
static void scale_tap(void *context, int tap, int worker)
{
    const struct backward_job *j = context;
    size_t channels = (size_t)j->conv->in.channels, first = (size_t)tap * channels;
    const float *weight = j->conv->weight->data + first;
    (void)worker;
    for (size_t i = 0; i < channels; i++)
        j->filter[first + i] = j->how->scale[i] * weight[i];
}

static void backward(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how)
{
    size_t channels = (size_t)c->in.channels, filter = (size_t)(c->kernel * c->kernel) * channels;
    struct backward_job j = {.conv = c,
                             .how = how,
                             .dx = dx,
                             .dy = dy,
                             .x = x,
                             .samples = samples,
                             .shape = shape_of(c),
                             .rows_each = PIECE_FLOATS / (c->in.width * c->in.channels)};
    if (j.rows_each < 1)
        j.rows_each = 1;
    size_t mark = c->scratch->used;
    j.filter = arena_floats(c->scratch, filter);
    j.sums = arena_floats(c->scratch, filter * RANGES);
    j.below_sums = arena_take(c->scratch, 2 * RANGES * channels, sizeof *j.below_sums);
    if (!arena_measures(c->scratch)) {
        parallel_for(scale_tap, &j, dx ? c->kernel * c->kernel : 0);
        parallel_for(backward_range, &j, RANGES);
        conv2d_method_sum(c->weight->grad, j.sums, filter, RANGES);
        if (how->below)
            conv2d_method_sum_below(how->below, j.below_sums, c->in.channels, RANGES);
    }
    arena_release(c->scratch, mark);
}

const struct conv2d_method conv2d_depthwise = {"depthwise", true, fits, run, weights};
const struct conv2d_whole conv2d_depthwise_whole = {"depthwise", fits_whole, backward};
