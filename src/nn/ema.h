/* An exponential moving average of the weights, which often classifies better than the weights of
 * any one step: average += (1 - d) * (weights - average) after each update.
 *
 * d = min(decay, (1 + t) / (10 + t)) after t earlier updates, so that the first weights, which
 * nothing has trained, are soon forgotten. Running statistics are averaged like weights (as in
 * timm's ModelEma), because they must fit to them. */
#ifndef NN_EMA_H
#define NN_EMA_H

#include "base/error.h"
#include "nn/param.h"

#include <stdint.h>

struct ema {
    double decay;
    float *weight; /* [n_weights], in the order of params->data */
    float *buffer; /* [n_buffers], one buffer behind the other; NULL: the network has none */
    size_t n_weights, n_buffers;
};

/* Begins with the present weights. 0 < decay < 1. */
enum status ema_create(struct ema *out, const struct param_list *params, double decay,
                       struct error *err);
void ema_update(struct ema *ema, const struct param_list *params, int64_t earlier_updates);
/* Exchanges average and weights, bit for bit: twice is nothing. */
void ema_swap(struct ema *ema, struct param_list *params);
void ema_destroy(struct ema *ema); /* a zeroed one is fine */

#endif
