/* A convolution with its normalisation: the unit that networks of this family are made of. */
#ifndef NN_CONV_NORM_H
#define NN_CONV_NORM_H

#include "nn/norm.h"

struct conv_norm {
    struct conv2d conv;
    struct norm norm;
    float *z; /* [max_batch, out]: the convolution's output, kept for backward; NULL without
                 training (workspace) */
};

/* Names: "CONV.weight", "NORM.weight" and so on. */
void conv_norm_build(struct conv_norm *u, struct build *b, const struct model_spec *spec,
                     const char *conv, const char *norm, int in_h, int in_w, int in_c, int out_c,
                     int kernel, int stride);
size_t conv_norm_out_floats(const struct conv_norm *u); /* for one sample */

/* y = norm(conv(x)) (+ residual), then relu if asked. residual may be y. */
void conv_norm_forward(struct conv_norm *u, float *y, const float *x, const float *residual,
                       struct samples samples, enum model_mode mode, bool relu);
/* From g = dL/dy (masked in place where the relu's output y <= 0; y NULL: no relu) the gradients of
 * the parameters, and, unless dx is NULL, of x: written, or added if accumulate. The kept z is gone
 * afterwards (it holds dL/dz). */
void conv_norm_backward(struct conv_norm *u, float *dx, float *g, const float *y, const float *x,
                        struct samples samples, bool accumulate);

#endif
