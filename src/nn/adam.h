/* Adam (Kingma and Ba 2015), the update as torch.optim.Adam does it in float32, weight decay as its
 * L2 term: g += weight_decay * p;  m = m + (1 - beta1) * (g - m);  v = beta2 * v + (1 - beta2) * g
 * * g p -= (lr / (1 - beta1^t)) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon) */
#ifndef NN_ADAM_H
#define NN_ADAM_H

#include "base/error.h"
#include "nn/param.h"

#include <stdint.h>

struct adam {
    double beta1, beta2, epsilon, weight_decay;
    float *m, *v; /* [params->n_trained] each, in the order of params->data */
    int64_t step; /* updates done */
    size_t n;
};

enum status adam_create(struct adam *out, const struct param_list *params, double beta1,
                        double beta2, double epsilon, double weight_decay, struct error *err);
void adam_step(struct adam *opt, struct param_list *params, double learning_rate);
void adam_destroy(struct adam *opt); /* a zeroed one is fine */

#endif
