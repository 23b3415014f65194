/* The gradient of a step that is computed in parts, each by a backward pass of its own. Backward
 * writes gradients; so what stands there is kept before each part, and added after it. The sum runs
 * in the order of the parts. */
#ifndef NN_GRADIENT_SUM_H
#define NN_GRADIENT_SUM_H

#include "base/error.h"
#include "nn/param.h"

struct gradient_sum {
    float *kept; /* [n] as params->grad; NULL: steps of one part only */
    size_t n;
    int n_parts; /* of the step under way */
};

enum status gradient_sum_create(struct gradient_sum *out, const struct param_list *params,
                                struct error *err);
void gradient_sum_destroy(struct gradient_sum *s); /* a zeroed one is fine */

void gradient_sum_begin(struct gradient_sum *s); /* a step: no parts yet */
/* Around a part's backward pass. Afterwards params->grad is the sum of the parts so far. */
void gradient_sum_keep(struct gradient_sum *s, const struct param_list *params);
void gradient_sum_add(struct gradient_sum *s, struct param_list *params);

#endif
