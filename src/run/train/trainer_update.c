/* From a gradient to the next weights: its norm, the bound of it, the optimiser's step at the
 * schedule's rate, the average. */
#include "run/train/trainer_internal.h"

#include "run/settings/recipe.h"

#include <math.h>

enum status trainer_update_create(struct trainer *t, struct error *err)
{
    const struct settings *s = t->settings;
    const struct optimiser_options options = recipe_optimiser(s);
    t->schedule = t->in.schedule ? *t->in.schedule : recipe_schedule(s, t->n_batches);
    if (optimiser_create(&t->optimiser, t->params, &options, err) != STATUS_OK ||
        clip_create(&t->clip, t->params, err) != STATUS_OK)
        return err->status;
    return s->ema > 0 ? ema_create(&t->ema, t->params, s->ema, err) : STATUS_OK;
}

void trainer_update_destroy(struct trainer *t)
{
    optimiser_destroy(&t->optimiser);
    clip_destroy(&t->clip);
    ema_destroy(&t->ema);
}

double trainer_update_rate(const struct trainer *t, int batch)
{
    return schedule_learning_rate(&t->schedule, t->state.epoch * t->n_batches + batch);
}

void trainer_update_exchange(struct trainer *t)
{
    if (t->ema.weight)
        ema_swap(&t->ema, t->params);
}

enum status trainer_update(struct trainer *t, struct trainer_batch *out, struct error *err)
{
    out->gradient_norm = clip_norm(&t->clip, t->params);
    t->not_finite = !isfinite(out->gradient_norm);
    if (t->not_finite)
        return error_set(err,
                         "epoch %d, batch %d: the gradient is not finite, though the loss is %g (a "
                         "lower --learning-rate may help)",
                         out->epoch, out->batch, out->loss);
    if (t->settings->clip_grad > 0)
        clip_apply(t->params, out->gradient_norm, t->settings->clip_grad);
    optimiser_step(&t->optimiser, t->params, out->learning_rate);
    if (t->ema.weight)
        ema_update(&t->ema, t->params, t->optimiser.step - 1);
    return STATUS_OK;
}
