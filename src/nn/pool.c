/* Cut into some rows of one sample for each piece. */
#include "nn/pool.h"

#include "base/parallel.h"

#include <stdio.h>

enum { PIECE_ROWS = 8 };

void pool_max_build(struct max_pool *p, struct build *b, int in_h, int in_w, int channels,
                    int kernel, int stride, int parity)
{
    int pad = model_spec_padding(kernel);
    p->workspace = b->workspace;
    p->parity = parity;
    p->shape = (struct kernels_pool){
        .height = in_h,
        .width = in_w,
        .channels = channels,
        .out_height = in_h + 2 * pad < kernel ? 0 : (in_h + 2 * pad - kernel) / stride + 1,
        .out_width = in_w + 2 * pad < kernel ? 0 : (in_w + 2 * pad - kernel) / stride + 1,
        .kernel = kernel,
        .stride = stride,
        .pad = pad};
    size_t values = (size_t)p->shape.out_height * p->shape.out_width * channels * b->max_batch;
    p->y = NULL;
    p->argmax = NULL;
    if (b->training) {
        p->y = arena_floats(b->activations, values);
        p->argmax = arena_take(b->activations, values, sizeof *p->argmax);
    } else {
        build_need(&b->workspace->output_floats, values);
    }
    char text[64];
    snprintf(text, sizeof text, "max pool %dx%d/%d", kernel, kernel, stride);
    build_layer(b, "maxpool", text, p->shape.out_height, p->shape.out_width, channels, 0, 0);
}

struct max_job {
    const struct kernels_pool *shape;
    struct samples samples;
    float *y, *dx;
    const float *x, *dy;
    uint8_t *argmax;
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
    const struct kernels_pool *s = j->shape;
    (void)worker;
    size_t sample = j->samples.index[piece / row_pieces(s->out_height)];
    size_t out = sample * s->out_height * s->out_width * s->channels;
    int first, rows = piece_rows(piece, s->out_height, &first);
    kernels_get()->pool_max(j->y + out, j->argmax ? j->argmax + out : NULL,
                            j->x + sample * s->height * s->width * s->channels, s, first, rows);
}

float *pool_max_forward(struct max_pool *p, const float *x, struct samples samples)
{
    struct max_job j = {.shape = &p->shape,
                        .samples = samples,
                        .y = p->y ? p->y : p->workspace->output[p->parity],
                        .x = x,
                        .argmax = p->argmax};
    parallel_for(forward_piece, &j, samples.n * row_pieces(p->shape.out_height));
    return j.y;
}

static void backward_piece(void *context, int piece, int worker)
{
    const struct max_job *j = context;
    const struct kernels_pool *s = j->shape;
    (void)worker;
    size_t sample = j->samples.index[piece / row_pieces(s->height)];
    size_t out = sample * s->out_height * s->out_width * s->channels;
    int first, rows = piece_rows(piece, s->height, &first);
    kernels_get()->pool_max_backward(j->dx + sample * s->height * s->width * s->channels,
                                     j->dy + out, j->argmax + out, s, first, rows);
}

static void relu_piece(void *context, int piece, int worker)
{
    const struct max_job *j = context;
    const struct kernels_pool *s = j->shape;
    (void)worker;
    size_t row = (size_t)s->out_width * s->channels,
           sample = j->samples.index[piece / s->out_height];
    size_t at = (sample * s->out_height + piece % s->out_height) * row;
    kernels_get()->activation_backward(j->dx + at, j->y + at, row, KERNELS_RELU);
}

void pool_max_relu_backward(const struct max_pool *p, float *dy, struct samples samples)
{
    struct max_job j = {.shape = &p->shape, .samples = samples, .y = p->y, .dx = dy};
    parallel_for(relu_piece, &j, samples.n * p->shape.out_height);
}

void pool_max_backward(const struct max_pool *p, float *dx, const float *dy, struct samples samples)
{
    struct max_job j = {
        .shape = &p->shape, .samples = samples, .dx = dx, .dy = dy, .argmax = p->argmax};
    parallel_for(backward_piece, &j, samples.n * row_pieces(p->shape.height));
}

void pool_average_forward(float *y, const float *x, struct samples samples, size_t pixels,
                          int channels)
{
    for (int i = 0; i < samples.n; i++) {
        size_t sample = samples.index[i];
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (size_t p = 0; p < pixels; p++)
                sum += x[(sample * pixels + p) * channels + c];
            y[sample * channels + c] = (float)(sum / (double)pixels);
        }
    }
}

void pool_average_backward(float *dx, const float *dy, struct samples samples, size_t pixels,
                           int channels)
{
    const float share = 1.0f / (float)pixels;
    for (int i = 0; i < samples.n; i++) {
        size_t sample = samples.index[i];
        for (size_t p = 0; p < pixels; p++)
            for (int c = 0; c < channels; c++)
                dx[(sample * pixels + p) * channels + c] = dy[sample * channels + c] * share;
    }
}
