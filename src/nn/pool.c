/* Cut into some rows of one sample for each piece; the average into samples. */
#include "nn/pool.h"

#include "base/parallel.h"

#include <assert.h>

enum { PIECE_ROWS = 8 };

struct tensor pool_max_build(struct max_pool *p, struct build *b, const char *name,
                             struct tensor in, const struct pool_spec *s)
{
    int height = in.shape.height, width = in.shape.width;
    int pad = layer_padding_before(height, s->kernel, s->stride, s->padding);
    assert(pad == layer_padding_before(width, s->kernel, s->stride, s->padding));
    *p = (struct max_pool){
        .in = in.shape,
        .out = {layer_out_size(height, s->kernel, s->stride, s->padding),
                layer_out_size(width, s->kernel, s->stride, s->padding), in.shape.channels},
        .scratch = b->scratch,
    };
    p->shape = (struct kernels_pool){.height = height,
                                     .width = width,
                                     .channels = in.shape.channels,
                                     .out_height = p->out.height,
                                     .out_width = p->out.width,
                                     .kernel = s->kernel,
                                     .stride = s->stride,
                                     .pad = pad};
    if (b->training)
        p->argmax = arena_take(b->activations, shape_floats(p->out) * (size_t)b->max_batch,
                               sizeof *p->argmax);
    return layer_add_row(b, name,
                         (struct layer_row){.operation = LAYER_MAX_POOL,
                                            .input = in.row,
                                            .residual = -1,
                                            .in = p->in,
                                            .out = p->out,
                                            .kernel = s->kernel,
                                            .stride = s->stride,
                                            .pad_top = pad,
                                            .pad_left = pad});
}

struct max_job {
    const struct max_pool *pool;
    struct samples samples;
    float *y, *dx;
    const float *x, *dy;
    enum kernels_activation activation;
};

static int row_pieces(int rows)
{
    return (rows + PIECE_ROWS - 1) / PIECE_ROWS;
}

static int piece_rows(int piece, int rows, int *first)
{
    *first = piece % row_pieces(rows) * PIECE_ROWS;
    return rows - *first < PIECE_ROWS ? rows - *first : PIECE_ROWS;
}

static void forward_piece(void *context, int piece, int worker)
{
    const struct max_job *j = context;
    const struct max_pool *p = j->pool;
    (void)worker;
    size_t sample = (size_t)j->samples.index[piece / row_pieces(p->out.height)];
    size_t out = sample * shape_floats(p->out);
    int first, rows = piece_rows(piece, p->out.height, &first);
    kernels_get()->pool_max(j->y + out, p->argmax ? p->argmax + out : NULL,
                            j->x + sample * shape_floats(p->in), &p->shape, first, rows);
}

void pool_max_forward(struct max_pool *p, float *y, const float *x, struct samples samples)
{
    struct max_job j = {.pool = p, .samples = samples, .y = y, .x = x};
    if (!arena_measures(p->scratch))
        parallel_for(forward_piece, &j, samples.n * row_pieces(p->out.height));
}

static void backward_piece(void *context, int piece, int worker)
{
    const struct max_job *j = context;
    const struct max_pool *p = j->pool;
    (void)worker;
    size_t sample = (size_t)j->samples.index[piece / row_pieces(p->in.height)];
    size_t out = sample * shape_floats(p->out);
    int first, rows = piece_rows(piece, p->in.height, &first);
    kernels_get()->pool_max_backward(j->dx + sample * shape_floats(p->in), j->dy + out,
                                     p->argmax + out, &p->shape, first, rows);
}

void pool_max_backward(const struct max_pool *p, float *dx, const float *dy, struct samples samples)
{
    struct max_job j = {.pool = p, .samples = samples, .dx = dx, .dy = dy};
    if (!arena_measures(p->scratch))
        parallel_for(backward_piece, &j, samples.n * row_pieces(p->in.height));
}

static void activation_piece(void *context, int piece, int worker)
{
    const struct max_job *j = context;
    struct shape out = j->pool->out;
    (void)worker;
    size_t row = (size_t)out.width * (size_t)out.channels;
    size_t sample = (size_t)j->samples.index[piece / out.height];
    size_t at = (sample * (size_t)out.height + (size_t)(piece % out.height)) * row;
    kernels_get()->activation_backward(j->dx + at, j->y + at, row, j->activation);
}

void pool_max_activation_backward(const struct max_pool *p, float *dy, const float *y,
                                  enum kernels_activation activation, struct samples samples)
{
    struct max_job j = {
        .pool = p, .samples = samples, .y = (float *)y, .dx = dy, .activation = activation};
    if (!arena_measures(p->scratch))
        parallel_for(activation_piece, &j, samples.n * p->out.height);
}

struct average_job {
    float *y, *dx;
    const float *x, *dy;
    struct samples samples;
    struct shape in;
};

static void average_piece(void *context, int piece, int worker)
{
    const struct average_job *j = context;
    size_t pixels = shape_pixels(j->in), channels = (size_t)j->in.channels,
           sample = (size_t)j->samples.index[piece];
    (void)worker;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t p = 0; p < pixels; p++)
            sum += (double)j->x[(sample * pixels + p) * channels + c];
        j->y[sample * channels + c] = (float)(sum / (double)pixels);
    }
}

void pool_average_forward(float *y, const float *x, struct samples samples, struct shape in)
{
    struct average_job j = {.y = y, .x = x, .samples = samples, .in = in};
    parallel_for(average_piece, &j, samples.n);
}

static void average_backward_piece(void *context, int piece, int worker)
{
    const struct average_job *j = context;
    size_t pixels = shape_pixels(j->in), channels = (size_t)j->in.channels,
           sample = (size_t)j->samples.index[piece];
    const float share = 1.0f / (float)pixels;
    (void)worker;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            j->dx[(sample * pixels + p) * channels + c] = j->dy[sample * channels + c] * share;
}

void pool_average_backward(float *dx, const float *dy, struct samples samples, struct shape in)
{
    struct average_job j = {.dx = dx, .dy = dy, .samples = samples, .in = in};
    parallel_for(average_backward_piece, &j, samples.n);
}
