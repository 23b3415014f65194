/* Small: plain loops, sums over many terms in double, each in the order of its index. */
#include "nn/linear.h"

#include "base/parallel.h"

#include <stdio.h>

enum { OUTPUTS = 32, INPUTS = 64 }; /* of a piece */

struct job {
    const struct linear *linear;
    const float *x, *dy;
    float *y, *dx;
    struct samples samples;
};

void linear_build(struct linear *l, struct build *b, const char *name, int in, int out)
{
    l->in = in;
    l->out = out;
    l->weight = build_param(b, PARAM_LINEAR, name, "weight", out, in, 0, 0);
    l->bias = build_param(b, PARAM_VECTOR, name, "bias", out, 0, 0, 0);
    if (l->weight)
        l->weight->head = l->bias->head = true;
    char text[64];
    snprintf(text, sizeof text, "linear %d->%d", in, out);
    build_layer(b, name, text, 1, 1, out, (int64_t)in * out + out, (int64_t)in * out);
}

static int pieces(int n, int each)
{
    return (n + each - 1) / each;
}

static int piece_end(int piece, int n, int each)
{
    return (piece + 1) * each < n ? (piece + 1) * each : n;
}

static void forward_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    (void)worker;
    for (int i = 0; i < j->samples.n; i++) {
        const float *in = j->x + (size_t)j->samples.index[i] * l->in;
        for (int o = piece * OUTPUTS; o < piece_end(piece, l->out, OUTPUTS); o++) {
            double sum = l->bias->data[o];
            for (int c = 0; c < l->in; c++)
                sum += (double)l->weight->data[(size_t)o * l->in + c] * in[c];
            j->y[(size_t)j->samples.index[i] * l->out + o] = (float)sum;
        }
    }
}

void linear_forward(const struct linear *l, float *y, const float *x, struct samples samples)
{
    struct job j = {.linear = l, .x = x, .y = y, .samples = samples};
    parallel_for(forward_piece, &j, pieces(l->out, OUTPUTS));
}

/* Some inputs of every sample: the rows of the weight go by once for each sample. */
static void inputs_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    int first = piece * INPUTS, n = piece_end(piece, l->in, INPUTS) - first;
    (void)worker;
    for (int i = 0; i < j->samples.n; i++) {
        const float *g = j->dy + (size_t)j->samples.index[i] * l->out;
        float *dx = j->dx + (size_t)j->samples.index[i] * l->in + first;
        double sum[INPUTS] = {0};
        for (int o = 0; o < l->out; o++)
            for (int c = 0; c < n; c++)
                sum[c] += (double)g[o] * l->weight->data[(size_t)o * l->in + first + c];
        for (int c = 0; c < n; c++)
            dx[c] = (float)sum[c];
    }
}

/* The gradients of some outputs' weights and biases. */
static void outputs_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct linear *l = j->linear;
    (void)worker;
    for (int o = piece * OUTPUTS; o < piece_end(piece, l->out, OUTPUTS); o++) {
        double bias = 0;
        for (int i = 0; i < j->samples.n; i++)
            bias += j->dy[(size_t)j->samples.index[i] * l->out + o];
        l->bias->grad[o] = (float)bias;
        for (int c = 0; c < l->in; c++) {
            double sum = 0;
            for (int i = 0; i < j->samples.n; i++)
                sum += (double)j->dy[(size_t)j->samples.index[i] * l->out + o] *
                       j->x[(size_t)j->samples.index[i] * l->in + c];
            l->weight->grad[(size_t)o * l->in + c] = (float)sum;
        }
    }
}

void linear_backward(const struct linear *l, float *dx, const float *dy, const float *x,
                     struct samples samples)
{
    struct job j = {.linear = l, .x = x, .dy = dy, .dx = dx, .samples = samples};
    parallel_for(inputs_piece, &j, pieces(l->in, INPUTS));
    parallel_for(outputs_piece, &j, pieces(l->out, OUTPUTS));
}
