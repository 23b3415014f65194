/* Evaluation is forward passes only; what a caller wants of each sample it gets through a callback,
 * so that a table of predictions and the figures of a training run come from the same loop. */
#include "run/evaluator.h"

#include "base/memory.h"
#include "nn/loss.h"

#include <stdlib.h>

struct evaluator {
    struct model *model;   /* borrowed */
    struct loader *loader; /* borrowed */
    float *loss;           /* [max_batch] */
    float *probability;    /* [max_batch, classes] */
    int *predicted;        /* [max_batch] */
};

enum status evaluator_create(struct evaluator **out, struct model *model, struct loader *loader,
                             struct error *err)
{
    *out = NULL;
    struct evaluator *e;
    enum status status = memory_alloc((void **)&e, 1, sizeof(*e), "evaluator", err);
    if (status != STATUS_OK)
        return status;
    e->model = model;
    e->loader = loader;
    size_t batch = (size_t)model_options(model)->max_batch;
    size_t classes = (size_t)model_options(model)->classes;
    if ((status = memory_alloc((void **)&e->loss, batch, sizeof(float), "losses", err)) ||
        (status = memory_alloc((void **)&e->probability, batch * classes, sizeof(float),
                               "probabilities", err)) ||
        (status = memory_alloc((void **)&e->predicted, batch, sizeof(int), "predictions", err))) {
        evaluator_destroy(e);
        return status;
    }
    *out = e;
    return STATUS_OK;
}

void evaluator_destroy(struct evaluator *e)
{
    if (e == NULL)
        return;
    free(e->loss);
    free(e->probability);
    free(e->predicted);
    free(e);
}

static enum status report_samples(const struct evaluator *e, const struct batch *b, int classes,
                                  const struct evaluator_events *events, struct error *err)
{
    for (int i = 0; i < b->n; i++) {
        const struct evaluator_sample sample = {
            .row = b->row[i],
            .label = b->label[i],
            .predicted = e->predicted[i],
            .probability = e->probability + (size_t)i * (size_t)classes,
        };
        enum status status = events->sample(events->context, &sample, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status evaluator_run(struct evaluator *e, struct metrics *metrics, bool *stopped,
                          const struct evaluator_events *events, struct error *err)
{
    int classes = model_options(e->model)->classes, n_done = 0;
    *stopped = false;
    enum status status = loader_start(e->loader, 0, 0, err);
    while (status == STATUS_OK) {
        struct batch b;
        status = loader_next(e->loader, &b, err);
        if (status != STATUS_OK || b.n == 0)
            break;

        const float *logits = model_forward(e->model, b.x, b.n, MODEL_EVAL);
        loss_cross_entropy(e->loss, NULL, e->probability, logits, b.label, b.n, classes);
        for (int i = 0; i < b.n; i++)
            e->predicted[i] = metrics_predict(logits + (size_t)i * (size_t)classes, classes);
        metrics_add(metrics, e->loss, b.label, e->predicted, b.n);

        if (events->sample != NULL)
            status = report_samples(e, &b, classes, events, err);
        n_done += b.n;
        if (events->progress != NULL)
            events->progress(events->context, n_done);
        if (events->stop != NULL && *events->stop != 0) {
            *stopped = true;
            break;
        }
    }
    return status;
}
