#include "run/recipe.h"

#include <math.h>

struct loss_options recipe_loss(const struct settings *s, const float *class_weight)
{
    return (struct loss_options){
        .class_weight = class_weight, .smoothing = s->label_smoothing, .kind = s->loss};
}

struct aggregate_options recipe_aggregate(const struct settings *s)
{
    return (struct aggregate_options){.kind = s->aggregate, .k = s->k, .drop = s->drop_largest};
}

struct optimiser_options recipe_optimiser(const struct settings *s)
{
    return (struct optimiser_options){
        .kind = s->optimizer,
        .beta1 = s->beta1,
        .beta2 = s->beta2,
        .epsilon = s->epsilon,
        .momentum = s->momentum,
        .nesterov = s->nesterov,
        .weight_decay = s->weight_decay,
        .keep_norm_bias = s->decay_norm_bias == DECAY_NORM_BIAS_NO,
    };
}

struct schedule recipe_schedule(const struct settings *s, int n_batches)
{
    struct schedule out = {
        .kind = s->lr_schedule,
        .base = s->learning_rate,
        .low = s->lr_min,
        .warmup = llround(s->warmup_epochs * n_batches),
        .total = (int64_t)s->epochs * n_batches,
        .power = s->lr_power,
        .gamma = s->lr_gamma,
        .n_drops = s->lr_steps.n,
    };
    for (int i = 0; i < out.n_drops; i++)
        out.drop[i] = (int64_t)s->lr_steps.value[i] * n_batches;
    return out;
}
