/* Small: plain loops on the caller, sums over many terms in double. */
#include "nn/linear.h"

#include <stdio.h>

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

void linear_forward(const struct linear *l, float *y, const float *x, struct samples samples)
{
    for (int i = 0; i < samples.n; i++) {
        const float *in = x + (size_t)samples.index[i] * l->in;
        for (int o = 0; o < l->out; o++) {
            double sum = l->bias->data[o];
            for (int c = 0; c < l->in; c++)
                sum += (double)l->weight->data[(size_t)o * l->in + c] * in[c];
            y[(size_t)samples.index[i] * l->out + o] = (float)sum;
        }
    }
}

void linear_backward(const struct linear *l, float *dx, const float *dy, const float *x,
                     struct samples samples)
{
    for (int i = 0; i < samples.n; i++) {
        const float *g = dy + (size_t)samples.index[i] * l->out;
        for (int c = 0; c < l->in; c++) {
            double sum = 0;
            for (int o = 0; o < l->out; o++)
                sum += (double)g[o] * l->weight->data[(size_t)o * l->in + c];
            dx[(size_t)samples.index[i] * l->in + c] = (float)sum;
        }
    }
    for (int o = 0; o < l->out; o++) {
        double bias = 0;
        for (int i = 0; i < samples.n; i++)
            bias += dy[(size_t)samples.index[i] * l->out + o];
        l->bias->grad[o] = (float)bias;
        for (int c = 0; c < l->in; c++) {
            double sum = 0;
            for (int i = 0; i < samples.n; i++)
                sum += (double)dy[(size_t)samples.index[i] * l->out + o] *
                       x[(size_t)samples.index[i] * l->in + c];
            l->weight->grad[(size_t)o * l->in + c] = (float)sum;
        }
    }
}
