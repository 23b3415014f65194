/* The layers in double precision, by their definitions and nothing else: what the tests believe.
 * Activations [n, h, w, c], filters [r, s, c, k], as in src/nn. Gradients come from finite
 * differences of these. */
#ifndef TESTS_NN_REFERENCE_H
#define TESTS_NN_REFERENCE_H

#include "nn/model_spec.h"

#include "math/close.h"

struct reference_conv {
    int in_h, in_w, in_c, out_h, out_w, out_c, kernel, stride, pad_top, pad_left;
};

/* Zeros in front of an axis of `in` pixels, and into *out the positions along it: by PyTorch's
 * habit, or by TensorFlow's. */
static inline int reference_padding(int *out, int in, int kernel, int stride, bool same)
{
    int usual = kernel % 2 ? kernel / 2 : 0;
    if (!same) {
        *out = (in + 2 * usual - kernel) / stride + 1;
        return usual;
    }
    *out = (in + stride - 1) / stride;
    int total = (*out - 1) * stride + kernel - in;
    return total > 0 ? total / 2 : 0;
}

/* Calls visit for every product of the convolution of one sample: y[out] += x[in] * w[weight]. All
 * three passes are sums over the same products. */
typedef void reference_visit(double *sum, const double *a, const double *b, size_t out, size_t in,
                             size_t weight);

static inline void reference_conv_visit(const struct reference_conv *c, reference_visit *visit,
                                        double *sum, const double *a, const double *b)
{
    for (int oh = 0; oh < c->out_h; oh++)
        for (int ow = 0; ow < c->out_w; ow++)
            for (int r = 0; r < c->kernel; r++)
                for (int s = 0; s < c->kernel; s++) {
                    int h = oh * c->stride + r - c->pad_top, w = ow * c->stride + s - c->pad_left;
                    if (h < 0 || h >= c->in_h || w < 0 || w >= c->in_w)
                        continue;
                    for (int i = 0; i < c->in_c; i++)
                        for (int k = 0; k < c->out_c; k++)
                            visit(sum, a, b, ((size_t)oh * c->out_w + ow) * c->out_c + k,
                                  ((size_t)h * c->in_w + w) * c->in_c + i,
                                  ((size_t)(r * c->kernel + s) * c->in_c + i) * c->out_c + k);
                }
}

static inline void reference_forward_product(double *y, const double *x, const double *w,
                                             size_t out, size_t in, size_t weight)
{
    y[out] += x[in] * w[weight];
}

static inline void reference_data_product(double *dx, const double *dy, const double *w, size_t out,
                                          size_t in, size_t weight)
{
    dx[in] += dy[out] * w[weight];
}

static inline void reference_weight_product(double *dw, const double *x, const double *dy,
                                            size_t out, size_t in, size_t weight)
{
    dw[weight] += x[in] * dy[out];
}

static inline size_t reference_in_floats(const struct reference_conv *c)
{
    return (size_t)c->in_h * c->in_w * c->in_c;
}

static inline size_t reference_out_floats(const struct reference_conv *c)
{
    return (size_t)c->out_h * c->out_w * c->out_c;
}

/* All three add to what is there, for one sample. */
static inline void reference_conv_forward(const struct reference_conv *c, double *y,
                                          const double *x, const double *w)
{
    reference_conv_visit(c, reference_forward_product, y, x, w);
}

static inline void reference_conv_backward_data(const struct reference_conv *c, double *dx,
                                                const double *dy, const double *w)
{
    reference_conv_visit(c, reference_data_product, dx, dy, w);
}

static inline void reference_conv_backward_weights(const struct reference_conv *c, double *dw,
                                                   const double *x, const double *dy)
{
    reference_conv_visit(c, reference_weight_product, dw, x, dy);
}

/* (z - mean) / sqrt(variance + epsilon) * weight + bias over the set that the kind says, in place;
 * z [n, pixels, channels]. */
static inline void reference_norm(double *z, const double *weight, const double *bias,
                                  const struct norm_spec *spec, int n, size_t pixels, int channels)
{
    if (spec->kind == NORM_NONE)
        return;
    int n_sets = spec->kind == NORM_BATCH ? 1 : n, samples = n / n_sets;
    int width = spec->kind == NORM_BATCH ? 1 : channels / spec->groups;
    for (int set = 0; set < n_sets; set++)
        for (int first = 0; first < channels; first += width) {
            double *from = z + (size_t)set * pixels * channels;
            size_t rows = pixels * samples;
            double count = (double)rows * width, mean = 0, variance = 0;
            for (size_t p = 0; p < rows; p++)
                for (int c = first; c < first + width; c++)
                    mean += from[p * channels + c] / count;
            for (size_t p = 0; p < rows; p++)
                for (int c = first; c < first + width; c++)
                    variance += pow(from[p * channels + c] - mean, 2) / count;
            for (size_t p = 0; p < rows; p++)
                for (int c = first; c < first + width; c++) {
                    double *v = &from[p * channels + c];
                    *v = (*v - mean) / sqrt(variance + spec->epsilon) * weight[c] + bias[c];
                }
        }
}

static inline void reference_activation(double *y, size_t n, enum kernels_activation activation)
{
    for (size_t i = 0; i < n; i++) {
        if (activation != KERNELS_NONE && y[i] < 0)
            y[i] = 0;
        if (activation == KERNELS_RELU6 && y[i] > 6)
            y[i] = 6;
    }
}

/* One sample; the padding is -inf. */
static inline void reference_max_pool(double *y, const double *x, int height, int width,
                                      int channels, int out_height, int out_width, int kernel,
                                      int stride, int pad)
{
    for (int oh = 0; oh < out_height; oh++)
        for (int ow = 0; ow < out_width; ow++)
            for (int c = 0; c < channels; c++) {
                double best = -INFINITY;
                for (int tap = 0; tap < kernel * kernel; tap++) {
                    int h = oh * stride + tap / kernel - pad, w = ow * stride + tap % kernel - pad;
                    if (h >= 0 && h < height && w >= 0 && w < width)
                        best = fmax(best, x[((size_t)h * width + w) * channels + c]);
                }
                y[((size_t)oh * out_width + ow) * channels + c] = best;
            }
}

/* One sample. */
static inline void reference_average_pool(double *y, const double *x, size_t pixels, int channels)
{
    for (int c = 0; c < channels; c++) {
        y[c] = 0;
        for (size_t p = 0; p < pixels; p++)
            y[c] += x[p * channels + c] / (double)pixels;
    }
}

/* One sample; weight [out, in]. */
static inline void reference_linear(double *y, const double *x, const double *weight,
                                    const double *bias, int in, int out)
{
    for (int o = 0; o < out; o++) {
        y[o] = bias[o];
        for (int i = 0; i < in; i++)
            y[o] += weight[(size_t)o * in + i] * x[i];
    }
}

/* One sample. */
static inline double reference_cross_entropy(const double *logits, int label, int classes)
{
    double max = logits[0], sum = 0;
    for (int j = 1; j < classes; j++)
        max = fmax(max, logits[j]);
    for (int j = 0; j < classes; j++)
        sum += exp(logits[j] - max);
    return max + log(sum) - logits[label];
}

/* The central difference of a function of one number: d f / d *value. In double a step of 1e-6
 * leaves an error of about 1e-10 for functions of order one; a longer one would step over the kinks
 * of more relus. */
static inline double reference_slope(double (*f)(void *context), void *context, double *value)
{
    const double kept = *value, step = 1e-6;
    *value = kept + step;
    double above = f(context);
    *value = kept - step;
    double below = f(context);
    *value = kept;
    return (above - below) / (2 * step);
}

/* slope[i] = d f / d value[i] for all n. */
static inline void reference_slopes(double *slope, double (*f)(void *context), void *context,
                                    double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        slope[i] = reference_slope(f, context, &value[i]);
}

static inline double reference_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

#endif
