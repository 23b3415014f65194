/* The classifier: logits [batch, out] = x [batch, in] * weight^T [in, out] + bias. */
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include "nn/layer.h"

struct linear {
    int in, out;
    struct param *weight, *bias; /* [out, in], [out] */
};

/* Adds "NAME.weight" and "NAME.bias", uniform in +-1/sqrt(in) (PyTorch's nn.Linear); they are
 * marked as the classifier's. in: its channels alone count. */
struct tensor linear_build(struct linear *l, struct build *b, const char *name, struct tensor in,
                           int out);
void linear_forward(const struct linear *l, float *y, const float *x, struct samples samples);
/* dx is written unless it is NULL; so are the gradients of weight and bias. */
void linear_backward(const struct linear *l, float *dx, const float *dy, const float *x,
                     struct samples samples);

#endif
