/* The length of the whole gradient, and its bound (Pascanu, Mikolov and Bengio 2013), as
 * torch.nn.utils.clip_grad_norm_ defines them. */
#ifndef NN_CLIP_H
#define NN_CLIP_H

#include "base/error.h"
#include "nn/param.h"

struct clip {
    double *sum; /* of squares, for each piece */
};

enum status clip_create(struct clip *out, const struct param_list *params, struct error *err);
/* L2 norm over all parameters that learn now, together: in double, in an order that does not depend
 * on the number of threads. Not finite when an element is not. */
double clip_norm(struct clip *clip, const struct param_list *params);
/* Scales the gradient, whose norm is `norm`, by most / (norm + 1e-6) when that is less than 1. */
void clip_apply(struct param_list *params, double norm, double most);
void clip_destroy(struct clip *clip); /* a zeroed one is fine */

#endif
