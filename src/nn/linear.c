/* Small: no matrix products, but sums in double, each in an order that the shape decides. */
#include "nn/linear.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>

enum { OUTPUTS = 32, INPUTS = 64, ROWS = KERNELS_PRODUCT_ROWS }; /* of a piece, of a product */

struct job {
    const struct linear *linear;
    const float *x, *dy;
    float *y, *dx;
    struct samples samples;
};

struct tensor linear_build(struct linear *l, struct build *b, const char *name, struct tensor in,
                           int out)
{
    l->in = in.shape.channels;
    l->out = out;
    struct param p = {.kind = PARAM_LINEAR,
                      .dim = {out, l->in},
                      .start = PARAM_START_UNIFORM,
                      .start_value = 1 / sqrt((double)l->in),
                      .head = true};
    l->weight = layer_param(b, name, "weight", p);
    p.kind = PARAM_VECTOR;
    p.dim[1] = 0;
    l->bias = layer_param(b, name, "bias", p);
    int64_t weights = (int64_t)l->in * out;
    return layer_add_row(b, name,
                         (struct layer_row){.operation = LAYER_LINEAR,
                                            .input = in.row,
                                            .residual = -1,
                                            .in = in.shape,
                                            .out = {1, 1, out},
                                            .n_params = 2,
                                            .parameters = weights + out,
                                            .multiply_adds = weights});
}

static int pieces(int n, int each)
{
    return (n + each - 1) / each;
}

static int piece_end(int piece, int n, int each)
{
    return (piece + 1) * each < n ? (piece + 1) * each : n;
}

/* Of a product whose first row is `at`. */
static int rows_from(int at, int end)
{
    if (end - at > ROWS)
        return ROWS;
    return end - at;
}

static const float *sample_of(const float *values, const struct job *j, int i, int each)
{
    return values + (size_t)j->samples.index[i] * (size_t)each;
}

static void forward_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    (void)worker;
    for (int i = 0; i < j->samples.n; i++) {
        const float *in = sample_of(j->x, j, i, l->in);
        float *y = j->y + (size_t)j->samples.index[i] * (size_t)l->out;
        for (int o = piece * OUTPUTS; o < piece_end(piece, l->out, OUTPUTS); o++) {
            const float *weight = l->weight->data + (size_t)o * (size_t)l->in;
            y[o] = (float)((double)l->bias->data[o] + kernels_get()->double_dot(weight, in, l->in));
        }
    }
}

void linear_forward(const struct linear *l, float *y, const float *x, struct samples samples)
{
    struct job j = {.linear = l, .x = x, .y = y, .samples = samples};
    parallel_for(forward_piece, &j, pieces(l->out, OUTPUTS));
}

/* Some inputs of every sample: the rows of the weight go by once for a few samples. */
static void inputs_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    int first = piece * INPUTS;
    struct kernels_product p = {.b = l->weight->data + first,
                                .a_step = 1,
                                .b_row = (size_t)l->in,
                                .depth = l->out,
                                .n = piece_end(piece, l->in, INPUTS) - first};
    (void)worker;
    for (int i = 0; i < j->samples.n; i += ROWS) {
        p.rows = rows_from(i, j->samples.n);
        for (int r = 0; r < ROWS; r++) {
            int sample = r < p.rows ? i + r : i;
            p.a[r] = sample_of(j->dy, j, sample, l->out);
            p.out[r] = j->dx + (size_t)j->samples.index[sample] * (size_t)l->in + first;
        }
        kernels_get()->double_product(&p);
    }
}

/* The gradients of some outputs' weights and biases. */
static void outputs_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    int end = piece_end(piece, l->out, OUTPUTS);
    struct kernels_product p = {.b = j->x,
                                .index = j->samples.index,
                                .a_step = (size_t)l->out,
                                .b_row = (size_t)l->in,
                                .depth = j->samples.n,
                                .n = l->in};
    (void)worker;
    for (int o = piece * OUTPUTS; o < end; o++) {
        double bias = 0;
        for (int i = 0; i < j->samples.n; i++)
            bias += (double)sample_of(j->dy, j, i, l->out)[o];
        l->bias->grad[o] = (float)bias;
    }
    for (int o = piece * OUTPUTS; o < end; o += ROWS) {
        p.rows = rows_from(o, end);
        for (int r = 0; r < ROWS; r++) {
            int output = r < p.rows ? o + r : o;
            p.a[r] = j->dy + output;
            p.out[r] = l->weight->grad + (size_t)output * (size_t)l->in;
        }
        kernels_get()->double_product(&p);
    }
}

void linear_backward(const struct linear *l, float *dx, const float *dy, const float *x,
                     struct samples samples)
{
    struct job j = {.linear = l, .x = x, .dy = dy, .dx = dx, .samples = samples};
    if (dx)
        parallel_for(inputs_piece, &j, pieces(l->in, INPUTS));
    parallel_for(outputs_piece, &j, pieces(l->out, OUTPUTS));
}
