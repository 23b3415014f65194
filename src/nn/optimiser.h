/* The update of all weights by one step. g is the gradient, w the weight, lr the learning rate, t
 * the number of updates, this one included; in float32, as PyTorch's classes of the same name:
 *
 * Adam (Kingma and Ba 2015; torch.optim.Adam), weight decay as its L2 term:
 *     g += weight_decay * w
 *     m += (1 - beta1) * (g - m);  v = beta2 * v + (1 - beta2) * g * g
 *     w -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 * AdamW (Loshchilov and Hutter 2019; torch.optim.AdamW), weight decay beside the gradient:
 *     w *= 1 - lr * weight_decay, then Adam's update without its first line
 * SGD (torch.optim.SGD, no dampening), with momentum and Nesterov's look ahead:
 *     g += weight_decay * w;  m = momentum * m + g;  w -= lr * (nesterov ? g + momentum * m : m) */
#ifndef NN_OPTIMISER_H
#define NN_OPTIMISER_H

#include "base/error.h"
#include "nn/param.h"

#include <stdbool.h>
#include <stdint.h>

enum optimiser_kind { OPTIMISER_ADAM, OPTIMISER_ADAMW, OPTIMISER_SGD };

struct optimiser_options {
    enum optimiser_kind kind;
    double beta1, beta2, epsilon; /* Adam, AdamW */
    double momentum;              /* SGD; 0: none, and m is not there */
    bool nesterov;
    double weight_decay;
    bool keep_norm_bias; /* no decay of biases and of a normalisation's weights (PARAM_VECTOR) */
    double body_factor;  /* of the learning rate, for all but the classifier; 1: none */
};

struct optimiser {
    struct optimiser_options options;
    float *m, *v; /* [n] each, in the order of params->data; NULL: not of this kind */
    /* Updates done: of what learns from the start, and of what was woken by model_unfreeze, whose
     * moments begin at 0 then. */
    int64_t step, woken_step;
    size_t n;
    struct optimiser_piece *piece; /* the range that one thread updates at a time */
    int n_pieces;
};

/* Arrays that live between two steps: 2 of Adam and AdamW, 1 of SGD with momentum, 0 without. */
int optimiser_moments(const struct optimiser_options *options);
enum status optimiser_create(struct optimiser *out, const struct param_list *params,
                             const struct optimiser_options *options, struct error *err);
void optimiser_step(struct optimiser *opt, struct param_list *params, double learning_rate);
void optimiser_destroy(struct optimiser *opt); /* a zeroed one is fine */

#endif
