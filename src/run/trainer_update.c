/* From a batch's gradient to the next weights. */
#include "run/trainer_internal.h"

#include "run/recipe.h"

enum status trainer_update_create(struct trainer *t, struct error *err)
{
    const struct optimiser_options options = recipe_optimiser(t->settings);
    t->schedule = recipe_schedule(t->settings, t->n_batches);
    return optimiser_create(&t->optimiser, t->params, &options, err);
}

void trainer_update_destroy(struct trainer *t)
{
    optimiser_destroy(&t->optimiser);
}

double trainer_update_rate(const struct trainer *t, int batch)
{
    return schedule_learning_rate(&t->schedule, t->state.epoch * t->n_batches + batch);
}

enum status trainer_update(struct trainer *t, struct trainer_batch *out, struct error *err)
{
    (void)err;
    out->learning_rate = trainer_update_rate(t, out->batch - 1);
    optimiser_step(&t->optimiser, t->params, out->learning_rate);
    return STATUS_OK;
}
