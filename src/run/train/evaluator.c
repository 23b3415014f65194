/* Evaluation is forward passes only; what a caller wants of each sample it gets through a callback,
 * so that a table of predictions and the figures of a training run come from the same loop. */
#include "run/train/evaluator.h"

#include "base/memory.h"
#include "nn/loss.h"
#include "run/train/mirror.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct evaluator {
    struct model *model;   /* borrowed */
    struct loader *loader; /* borrowed */
    float *loss;           /* [max_batch] */
    float *probability;    /* [max_batch, classes] */
    int *predicted;        /* [max_batch] */

    /* NULL without flip */
    float *mirrored;             /* [max_batch, size, size, 3], or features */
    float *mirrored_loss;        /* [max_batch] */
    float *mirrored_probability; /* [max_batch, classes] */
};

static size_t image_values(int size)
{
    return (size_t)size * (size_t)size * 3;
}

size_t evaluator_flip_bytes(int max_batch, int size)
{
    return (size_t)max_batch * image_values(size) * sizeof(float);
}

size_t evaluator_figure_bytes(int max_batch, int classes, bool flip)
{
    const struct evaluator *e = NULL;
    size_t one = sizeof *e->loss + (size_t)classes * sizeof *e->probability;

    return (size_t)max_batch * ((flip ? 2 : 1) * one + sizeof *e->predicted);
}

static enum status create_arrays(struct evaluator *e, bool flip, struct error *err)
{
    size_t batch = (size_t)model_options(e->model)->max_batch;
    size_t classes = (size_t)model_options(e->model)->classes;
    size_t values = image_values(model_options(e->model)->size);
    size_t features = (size_t)model_n_features(e->model);

    e->loss = memory_array(batch, sizeof *e->loss, "losses", err);
    e->probability = memory_array(batch * classes, sizeof *e->probability, "probabilities", err);
    e->predicted = memory_array(batch, sizeof *e->predicted, "predictions", err);
    if (!e->loss || !e->probability || !e->predicted)
        return err->status;
    if (!flip)
        return STATUS_OK;
    e->mirrored = memory_array(batch, (features > values ? features : values) * sizeof *e->mirrored,
                               "mirrored images", err);
    e->mirrored_loss = memory_array(batch, sizeof *e->mirrored_loss, "losses", err);
    e->mirrored_probability =
        memory_array(batch * classes, sizeof *e->mirrored_probability, "probabilities", err);
    return e->mirrored && e->mirrored_loss && e->mirrored_probability ? STATUS_OK : err->status;
}

enum status evaluator_create(struct evaluator **out, struct model *model, struct loader *loader,
                             bool flip, struct error *err)
{
    struct evaluator *e = memory_array(1, sizeof *e, "evaluator", err);

    *out = NULL;
    if (!e)
        return err->status;
    e->model = model;
    e->loader = loader;
    if (create_arrays(e, flip, err) != STATUS_OK) {
        evaluator_destroy(e);
        return err->status;
    }
    *out = e;
    return STATUS_OK;
}

void evaluator_destroy(struct evaluator *e)
{
    if (!e)
        return;
    free(e->loss);
    free(e->probability);
    free(e->predicted);
    free(e->mirrored);
    free(e->mirrored_loss);
    free(e->mirrored_probability);
    free(e);
}

/* -log((exp(-a) + exp(-b)) / 2): the loss of the mean of two probabilities, from their losses, so
 * that a probability too small for a float costs nothing of it. NaN if one of them is. */
static float loss_of_mean(float a, float b)
{
    double low = a < b ? a : b, gap = fabs((double)a - b);
    return (float)(low - log1p(exp(-gap)) + log(2));
}

static const float *compute_logits(struct evaluator *e, const float *x, int n)
{
    return loader_values(e->loader) ? model_classify_features(e->model, x, n, MODEL_EVAL)
                                    : model_forward(e->model, x, n, MODEL_EVAL);
}

static void fill_mirrored(struct evaluator *e, const struct batch *b)
{
    const struct loader_values *v = loader_values(e->loader);
    if (!v)
        mirror_images(e->mirrored, b->x, b->n, model_options(e->model)->size, true, false);
    for (int i = 0; v && i < b->n; i++)
        memcpy(e->mirrored + (size_t)i * (size_t)v->n_values,
               loader_values_at(v, b->row[i], loader_values_view(true, false)),
               (size_t)v->n_values * sizeof *e->mirrored);
}

/* The same batch mirrored, averaged into loss and probability. */
static void add_mirrored(struct evaluator *e, const struct batch *b, int classes)
{
    fill_mirrored(e, b);
    const float *logits = compute_logits(e, e->mirrored, b->n);
    loss_cross_entropy(e->mirrored_loss, NULL, e->mirrored_probability, logits, b->label, b->n,
                       classes, NULL);
    for (int i = 0; i < b->n; i++)
        if (b->label[i] >= 0)
            e->loss[i] = loss_of_mean(e->loss[i], e->mirrored_loss[i]);
    for (size_t i = 0; i < (size_t)b->n * (size_t)classes; i++)
        e->probability[i] = (e->probability[i] + e->mirrored_probability[i]) / 2;
}

/* Fills loss, probability and predicted for a batch. */
static void classify(struct evaluator *e, const struct batch *b, int classes)
{
    const float *logits = compute_logits(e, b->x, b->n);
    loss_cross_entropy(e->loss, NULL, e->probability, logits, b->label, b->n, classes, NULL);
    const float *score = logits;
    if (e->mirrored) {
        add_mirrored(e, b, classes);
        score = e->probability;
    }
    for (int i = 0; i < b->n; i++)
        e->predicted[i] = metrics_predict(score + (size_t)i * (size_t)classes, classes);
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
        if (status != STATUS_OK || b.places == 0)
            break;

        if (b.n > 0)
            classify(e, &b, classes);
        metrics_add(metrics, e->loss, b.label, e->predicted, b.n);

        if (events->sample)
            status = report_samples(e, &b, classes, events, err);
        n_done += b.places;
        if (events->progress)
            events->progress(events->context, n_done);
        if (events->stop && *events->stop != 0) {
            *stopped = true;
            break;
        }
    }
    return status;
}
