/* A convolution with its normalisation and activation: the unit that these networks are made of. */
#ifndef NN_CONV_NORM_H
#define NN_CONV_NORM_H

#include "nn/conv/conv2d.h"
#include "nn/kept.h"
#include "nn/norm.h"

struct conv_norm {
    struct conv2d conv;
    struct norm norm;
    struct kept z; /* the convolution's output, where backward reads it: in training, unless there
                      is no norm or a frozen one */
    /* Backward: the unit above has masked this one's gradient and written the bias's. */
    bool is_masked;
    struct arena *scratch;
    int max_batch;
};

struct conv_norm_spec {
    struct conv_spec conv;
    const struct norm_spec *norm;
    enum kernels_activation activation;
    bool starts_at_zero; /* the norm's weight: a residual branch that begins as nothing (Goyal et
                            al. 2017, section 5.1) */
    int out_pitch;       /* 0, or y is a slice of a wider tensor: norm_build */
};

/* Names: "CONV.weight", "NORM.weight" and so on. residual: the row whose output is added before the
 * activation, or -1. */
struct tensor conv_norm_build(struct conv_norm *u, struct build *b, const char *conv,
                              const char *norm, struct tensor in, int residual,
                              const struct conv_norm_spec *spec);

/* y = activation(norm(conv(x)) (+ residual)). residual may be y, or NULL; y has no float of x. */
void conv_norm_forward(struct conv_norm *u, float *y, const float *x, const float *residual,
                       struct samples samples, enum model_mode mode);
/* From g = dL/dy (masked in place where the activation with output y is flat; y NULL: masked
 * before) the gradients of the parameters, and, unless dx is NULL, of x: written, or added if
 * accumulate. A z that is kept as floats holds dL/dz afterwards; without one g may, or be masked.
 * g is not read any more when dx is written, so that dx may be g. */
void conv_norm_backward(struct conv_norm *u, float *dx, float *g, const float *y, const float *x,
                        struct samples samples, bool accumulate);
/* The same; dx, which is not g, is written. below: the unit whose output x is, of which dx is the
 * whole gradient, and whose backward follows: its mask may be done on the way. */
void conv_norm_backward_above(struct conv_norm *u, struct conv_norm *below, float *dx, float *g,
                              const float *y, const float *x, struct samples samples);

#endif
