/* The gradient of a step from its selected images. The activations of the last micro-batch are
 * there; of the ones before they are gone, and the images that count go through the network once
 * more. So memory does not grow with the number of micro-batches.
 *
 * Where samples do not influence each other (no BatchNorm, or a frozen one) the selected images
 * of several micro-batches are put together. With BatchNorm a micro-batch is normalised by its own
 * statistics, and so goes through the network again as a whole. */
#include "run/train/trainer_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum status trainer_backward_create(struct trainer *t, struct error *err)
{
    const struct settings *set = t->settings;
    struct trainer_recompute *a = &t->recompute;
    size_t n = (size_t)set->batch_size, side = (size_t)model_options(t->in.model)->size;
    size_t features = (size_t)model_n_features(t->in.model), values = side * side * 3;
    if (set->accumulate > 1 && gradient_sum_create(&t->gradient_sum, t->params, err) != STATUS_OK)
        return err->status;
    if (set->accumulate == 1 || set->scope != SCOPE_STEP)
        return STATUS_OK;
    a->x = memory_array(n, (features > values ? features : values) * sizeof *a->x,
                        "images of a step", err);
    a->dlogits =
        memory_array(n * (size_t)t->classes, sizeof *a->dlogits, "gradient of the logits", err);
    a->place = memory_array(n, sizeof *a->place, "selection", err);
    a->position = memory_array(n, sizeof *a->position, "selection", err);
    a->kept = memory_array(n, sizeof *a->kept, "selection", err);
    a->all = memory_array(n, sizeof *a->all, "selection", err);
    if (!a->x || !a->dlogits || !a->place || !a->position || !a->kept || !a->all)
        return err->status;
    for (int i = 0; i < set->batch_size; i++)
        a->all[i] = i;
    return STATUS_OK;
}

void trainer_backward_destroy(struct trainer *t)
{
    gradient_sum_destroy(&t->gradient_sum);
    free(t->recompute.x);
    free(t->recompute.dlogits);
    free(t->recompute.place);
    free(t->recompute.position);
    free(t->recompute.kept);
    free(t->recompute.all);
}

static void add_part(struct trainer *t, const float *dlogits, const int *selected, int n)
{
    if (n == 0)
        return;
    gradient_sum_keep(&t->gradient_sum, t->params);
    model_backward(t->in.model, dlogits, selected, n);
    gradient_sum_add(&t->gradient_sum, t->params);
}

void trainer_backward_present(struct trainer *t)
{
    const struct trainer_images *s = &t->step;
    int n = 0;
    for (int i = 0; i < s->n_selected; i++)
        if (s->selected[i] >= s->first)
            s->scratch[n++] = s->selected[i] - s->first;
    add_part(t, s->dlogits + (size_t)s->first * (size_t)t->classes, s->scratch, n);
}

/* The next images to go through the network again, from the selected one at *at on; up to one
 * batch. Returns how many. */
static int choose_recomputed(struct trainer *t, int *at)
{
    const struct trainer_images *s = &t->step;
    int n = 0, batch = t->settings->batch_size, *place = t->recompute.place;
    if (model_samples_independent(t->in.model)) {
        while (n < batch && *at < s->n_selected && s->selected[*at] < s->first)
            place[n++] = s->selected[(*at)++];
        return n;
    }
    int first = s->micro_batch[s->selected[*at]];
    while (s->micro_batch[first + n] == first) /* ends before the last micro-batch */
    {
        place[n] = first + n;
        n++;
    }
    while (*at < s->n_selected && s->selected[*at] < first + n)
        (*at)++;
    return n;
}

enum status trainer_backward_rest(struct trainer *t, struct error *err)
{
    const struct trainer_images *s = &t->step;
    const struct trainer_recompute *a = &t->recompute;
    size_t classes = (size_t)t->classes;
    for (int at = 0; at < s->n_selected && s->selected[at] < s->first;) {
        int n = choose_recomputed(t, &at);
        for (int i = 0; i < n; i++)
            a->position[i] = s->position[a->place[i]];
        if (loader_reread(t->in.train, a->x, a->position, &n, a->kept, err) != STATUS_OK)
            return err->status;
        for (int i = 0; i < n; i++)
            memcpy(a->dlogits + (size_t)i * classes,
                   s->dlogits + (size_t)a->place[a->kept[i]] * classes,
                   classes * sizeof *a->dlogits);
        if (n == 0) /* all have gone since */
            continue;
        trainer_forward(t, a->x, n, MODEL_TRAIN_RECOMPUTE);
        add_part(t, a->dlogits, a->all, n);
    }
    return STATUS_OK;
}
