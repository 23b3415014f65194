/* The classifier: logits [batch, out] = x [batch, in] * weight^T [in, out] + bias. */
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include "nn/conv2d.h"

struct linear {
    int in, out;
    struct param *weight, *bias; /* [out, in], [out] */
};

void linear_build(struct linear *l, struct build *b, const char *name, int in, int out);
void linear_forward(const struct linear *l, float *y, const float *x, struct samples samples);
/* dx is written; so are the gradients of weight and bias. */
void linear_backward(const struct linear *l, float *dx, const float *dy, const float *x,
                     struct samples samples);

#endif
