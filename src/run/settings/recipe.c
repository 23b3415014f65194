#include "run/settings/recipe.h"

#include <math.h>

struct loss_options recipe_loss(const struct settings *s, const float *class_weight)
{
    return (struct loss_options){
        .class_weight = class_weight, .smoothing = s->label_smoothing, .kind = s->loss};
}

struct k_schedule recipe_k_schedule(const struct settings *s)
{
    const struct atk_k all = {ATK_FRACTION, 1, "1.0"};
    struct k_schedule out = {
        .kind = s->k_schedule,
        .start = s->k_start.text[0] ? s->k_start : all,
        .end = s->k_end.text[0] ? s->k_end : s->k,
        .warmup = s->k_warmup,
        .epochs = s->epochs,
        .n_steps = s->k_steps.n,
    };
    for (int i = 0; i < out.n_steps; i++)
        out.step[i] = s->k_steps.value[i];
    return out;
}

struct aggregate_options recipe_aggregate(const struct settings *s)
{
    return (struct aggregate_options){
        .kind = s->aggregate, .k = recipe_k_schedule(s).end, .drop = s->drop_largest};
}

int recipe_scope_images(const struct settings *s)
{
    return s->batch_size * (s->scope == SCOPE_STEP ? s->accumulate : 1);
}

const char *recipe_scope_name(const struct settings *s)
{
    return s->scope == SCOPE_STEP && s->accumulate > 1 ? "step" : "batch";
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
        .body_factor = s->backbone_lr_factor,
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
