/* Which images of a step count, and with what weight: by rank among those of a batch or a step,
 * or by a threshold lambda for the whole data set, which is learned (nn/threshold).
 *
 * A selection from one of several micro-batches is weighed by its part of the step's images, so
 * that the step's loss is the mean over them. */
#include "run/train/trainer_internal.h"

#include "nn/threshold.h"
#include "run/settings/recipe.h"

#include <math.h>

void trainer_select_begin_epoch(struct trainer *t)
{
    const struct k_schedule schedule = recipe_k_schedule(t->settings);
    int n = t->in.n_train_rows;
    bool whole = t->settings->scope == SCOPE_DATASET;
    t->aggregate.k =
        k_schedule_at(&schedule, (int)t->state.epoch, whole ? n : recipe_scope_images(t->settings));
    t->share = (double)atk_resolve(&t->aggregate.k, n) / n;
}

/* Lambda of the present step. It begins with the first micro-batch in which not all shall count. */
static double present_lambda(struct trainer *t, const float *loss, int n)
{
    if (t->share >= 1)
        return 0;
    if (isnan(t->state.lambda))
        t->state.lambda = threshold_start(loss, n, t->share, t->step.scratch);
    return t->state.lambda;
}

void trainer_select(struct trainer *t, struct trainer_batch *out, int first, int n)
{
    struct trainer_images *s = &t->step;
    const float *loss = s->loss + first;
    float *weight = s->weight + first;
    int *selected = s->selected + s->n_selected, n_selected;
    double value, threshold;
    if (t->settings->scope == SCOPE_DATASET) {
        threshold = present_lambda(t, loss, n);
        n_selected = threshold_select(weight, selected, loss, n, t->share, threshold);
        value = threshold_value(loss, n, t->share, threshold);
    } else {
        const struct aggregate aggregate = aggregate_resolve(&t->aggregate, n);
        n_selected = aggregate_select(weight, selected, loss, n, &aggregate, s->scratch);
        value = atk_mean(loss, selected, n_selected);
        threshold = aggregate_threshold(loss, selected, n_selected);
    }
    double part = (double)n / out->n;
    out->loss += part * value;
    out->threshold = first == 0 ? threshold : fmin(out->threshold, threshold);
    out->k += n_selected;
    for (int i = 0; i < n_selected; i++)
        selected[i] += first;
    s->n_selected += n_selected;
    float *dlogits = s->dlogits + (size_t)first * (size_t)t->classes;
    for (int i = 0; i < n; i++) {
        weight[i] *= (float)part;
        for (int c = 0; c < t->classes; c++)
            dlogits[(size_t)i * (size_t)t->classes + (size_t)c] *= weight[i];
    }
}

void trainer_select_finish(struct trainer *t, const struct trainer_batch *b)
{
    double *lambda = &t->state.lambda, counted = (double)b->k / b->n;
    if (t->settings->scope != SCOPE_DATASET)
        return;
    double rate = threshold_rate(*lambda, b->mean_loss, t->share, counted, b->n);
    /* While all count there is none, and it begins anew afterwards. */
    *lambda = t->share < 1 ? threshold_step(*lambda, rate, t->share, counted) : NAN;
}
