/* From settings to the parts of nn/ that make a loss and update weights: who checks, who plans
 * memory and who trains ask the same. */
#ifndef RUN_SETTINGS_RECIPE_H
#define RUN_SETTINGS_RECIPE_H

#include "nn/optimiser.h"
#include "nn/schedule.h"
#include "run/settings/settings.h"

/* class_weight [classes] of --class-weights, borrowed; NULL: none. */
struct loss_options recipe_loss(const struct settings *s, const float *class_weight);
/* k: where its schedule ends. */
struct aggregate_options recipe_aggregate(const struct settings *s);
struct k_schedule recipe_k_schedule(const struct settings *s);
/* Images of a full batch, or with scope step of a full step: those among which k is counted. */
int recipe_scope_images(const struct settings *s);
const char *recipe_scope_name(const struct settings *s); /* of that: "batch", "step" */
struct optimiser_options recipe_optimiser(const struct settings *s);
/* Epochs become steps of n_batches; a fraction of one is rounded to the nearest. */
struct schedule recipe_schedule(const struct settings *s, int n_batches);

#endif
