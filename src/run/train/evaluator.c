/* Evaluation is forward passes only; what a caller wants of each sample it gets through a callback,
 * so that a table of predictions and the figures of a training run come from the same loop. */
#include "run/train/evaluator.h"

#include "base/memory.h"
#include "nn/loss.h"
#include "run/train/mirror.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MEMBERS = EVALUATOR_MOST_NETWORKS };

/* A network, and where its images come from; both borrowed. */
struct member {
    struct model *model;
    struct loader *loader;
};

struct evaluator {
    struct member member[MOST_MEMBERS]; /* the first decides about loader, rows and labels */
    int n_members;
    int max_batch, classes;
    float *loss;        /* [max_batch] */
    float *probability; /* [max_batch, classes] */
    int *predicted;     /* [max_batch] */

    /* Of a further view of the batch: mirrored, or by another network. NULL: there is one view. */
    float *view_loss;        /* [max_batch] */
    float *view_probability; /* [max_batch, classes] */

    float *mirrored; /* [max_batch, size, size, 3], or features; NULL without flip */

    /* NULL without maps, of the first network */
    float *activation; /* [max_batch, height, width, channels] */
    float *map;        /* [height, width] */
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

static enum status create_view(struct evaluator *e, struct error *err)
{
    size_t batch = (size_t)e->max_batch, classes = (size_t)e->classes;

    if (e->view_loss)
        return STATUS_OK;
    e->view_loss = memory_array(batch, sizeof *e->view_loss, "losses", err);
    e->view_probability = e->view_loss ? memory_array(batch * classes, sizeof *e->view_probability,
                                                      "probabilities", err)
                                       : NULL;
    return e->view_probability ? STATUS_OK : err->status;
}

static enum status create_arrays(struct evaluator *e, bool flip, struct error *err)
{
    const struct model *model = e->member[0].model;
    size_t batch = (size_t)e->max_batch, classes = (size_t)e->classes;
    size_t values = image_values(model_options(model)->size);
    size_t features = (size_t)model_n_features(model);

    e->loss = memory_array(batch, sizeof *e->loss, "losses", err);
    e->probability = memory_array(batch * classes, sizeof *e->probability, "probabilities", err);
    e->predicted = memory_array(batch, sizeof *e->predicted, "predictions", err);
    if (!e->loss || !e->probability || !e->predicted)
        return err->status;
    if (!flip)
        return STATUS_OK;
    e->mirrored = memory_array(batch, (features > values ? features : values) * sizeof *e->mirrored,
                               "mirrored images", err);
    return e->mirrored ? create_view(e, err) : err->status;
}

enum status evaluator_create(struct evaluator **out, struct model *model, struct loader *loader,
                             bool flip, struct error *err)
{
    struct evaluator *e = memory_array(1, sizeof *e, "evaluator", err);

    *out = NULL;
    if (!e)
        return err->status;
    e->member[0] = (struct member){model, loader};
    e->n_members = 1;
    e->max_batch = model_options(model)->max_batch;
    e->classes = model_options(model)->classes;
    if (create_arrays(e, flip, err) != STATUS_OK) {
        evaluator_destroy(e);
        return err->status;
    }
    *out = e;
    return STATUS_OK;
}

enum status evaluator_add_network(struct evaluator *e, struct model *model, struct loader *loader,
                                  struct error *err)
{
    const struct model_options *options = model_options(model);
    int largest = 0;

    assert(e->n_members < MOST_MEMBERS && options->classes == e->classes);
    if (create_view(e, err) != STATUS_OK)
        return err->status;
    e->member[e->n_members++] = (struct member){model, loader};
    if (!e->mirrored)
        return STATUS_OK;
    for (int i = 0; i < e->n_members; i++)
        if (model_options(e->member[i].model)->size > largest)
            largest = model_options(e->member[i].model)->size;
    float *mirrored = memory_array((size_t)e->max_batch, image_values(largest) * sizeof *mirrored,
                                   "mirrored images", err);
    if (!mirrored)
        return err->status;
    free(e->mirrored);
    e->mirrored = mirrored;
    return STATUS_OK;
}

enum status evaluator_draw_maps(struct evaluator *e, struct error *err)
{
    const struct shape shape = model_activation_shape(e->member[0].model);

    e->activation = memory_array((size_t)e->max_batch * shape_floats(shape), sizeof *e->activation,
                                 "activations", err);
    e->map = e->activation
                 ? memory_array(shape_pixels(shape), sizeof *e->map, "an activation map", err)
                 : NULL;
    return e->map ? STATUS_OK : err->status;
}

void evaluator_destroy(struct evaluator *e)
{
    if (!e)
        return;
    free(e->loss);
    free(e->probability);
    free(e->predicted);
    free(e->view_loss);
    free(e->view_probability);
    free(e->mirrored);
    free(e->activation);
    free(e->map);
    free(e);
}

/* The loss of the mean of probabilities, -log((n exp(-a) + exp(-b)) / (n + 1)), from a, the loss of
 * the mean of n of them, and b, that of one more; so a probability too small for a float costs
 * nothing of it. NaN if one of them is. */
static float loss_of_mean(float a, int n, float b)
{
    double sum = a - log(n), one = b;
    double low = sum < one ? sum : one, gap = fabs(sum - one);
    return (float)(low - log1p(exp(-gap)) + log(n + 1));
}

/* maps: the network's activations are kept, for maps. */
static const float *compute_logits(struct evaluator *e, const struct member *m, const float *x,
                                   int n, bool maps)
{
    if (loader_values(m->loader))
        return model_classify_features(m->model, x, n, MODEL_EVAL);
    return maps ? model_forward_activation(m->model, e->activation, x, n)
                : model_forward(m->model, x, n, MODEL_EVAL);
}

static void fill_mirrored(struct evaluator *e, const struct member *m, const struct batch *b)
{
    const struct loader_values *v = loader_values(m->loader);
    if (!v)
        mirror_images(e->mirrored, b->x, b->n, model_options(m->model)->size, true, false);
    for (int i = 0; v && i < b->n; i++)
        memcpy(e->mirrored + (size_t)i * (size_t)v->n_values,
               loader_values_at(v, b->row[i], loader_values_view(true, false)),
               (size_t)v->n_values * sizeof *e->mirrored);
}

/* One more view of the batch is averaged into the loss and summed into the probability; n_before of
 * them are there. x: of that view. */
static void add_view(struct evaluator *e, const struct member *m, const struct batch *b,
                     const float *x, int n_before)
{
    const float *logits = compute_logits(e, m, x, b->n, false);
    loss_cross_entropy(e->view_loss, NULL, e->view_probability, logits, b->label, b->n, e->classes,
                       NULL);
    for (int i = 0; i < b->n; i++)
        if (b->label[i] >= 0)
            e->loss[i] = loss_of_mean(e->loss[i], n_before, e->view_loss[i]);
    for (size_t i = 0; i < (size_t)b->n * (size_t)e->classes; i++)
        e->probability[i] += e->view_probability[i];
}

/* Fills loss, probability and predicted for a batch, of each network's images. */
static void classify(struct evaluator *e, const struct batch b[])
{
    const float *logits = compute_logits(e, &e->member[0], b->x, b->n, e->activation);
    loss_cross_entropy(e->loss, NULL, e->probability, logits, b->label, b->n, e->classes, NULL);
    int n_views = 1;
    for (int i = 0; i < e->n_members; i++) {
        if (i > 0)
            add_view(e, &e->member[i], &b[i], b[i].x, n_views++);
        if (e->mirrored) {
            fill_mirrored(e, &e->member[i], &b[i]);
            add_view(e, &e->member[i], &b[i], e->mirrored, n_views++);
        }
    }
    const float *score = n_views > 1 ? e->probability : logits;
    for (size_t i = 0; n_views > 1 && i < (size_t)b->n * (size_t)e->classes; i++)
        e->probability[i] /= (float)n_views;
    for (int i = 0; i < b->n; i++)
        e->predicted[i] = metrics_predict(score + (size_t)i * (size_t)e->classes, e->classes);
}

static const float *draw_map(struct evaluator *e, int i)
{
    const struct model *model = e->member[0].model;
    if (!e->map)
        return NULL;
    model_activation_map(model, e->map,
                         e->activation + (size_t)i * shape_floats(model_activation_shape(model)),
                         e->predicted[i]);
    return e->map;
}

static enum status report_samples(struct evaluator *e, const struct batch *b,
                                  const struct evaluator_events *events, struct error *err)
{
    for (int i = 0; i < b->n; i++) {
        const struct evaluator_sample sample = {
            .row = b->row[i],
            .label = b->label[i],
            .predicted = e->predicted[i],
            .probability = e->probability + (size_t)i * (size_t)e->classes,
            .image = b->x + (size_t)i * image_values(model_options(e->member[0].model)->size),
            .map = draw_map(e, i),
        };
        enum status status = events->sample(events->context, &sample, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* The loader of this member is that of one before it. */
static int same_loader(const struct evaluator *e, int i)
{
    int first = 0;
    while (e->member[first].loader != e->member[i].loader)
        first++;
    return first;
}

static enum status start_loaders(struct evaluator *e, struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < e->n_members; i++)
        if (same_loader(e, i) == i)
            status = loader_start(e->member[i].loader, 0, 0, err);
    return status;
}

/* The same rows, as each network sees them. */
static enum status next_batches(struct evaluator *e, struct batch b[], struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < e->n_members; i++) {
        int first = same_loader(e, i);
        if (first < i)
            b[i] = b[first];
        else
            status = loader_next(e->member[i].loader, &b[i], err);
        assert(status != STATUS_OK || b[i].n == b->n);
    }
    return status;
}

enum status evaluator_run(struct evaluator *e, struct metrics *metrics, bool *stopped,
                          const struct evaluator_events *events, struct error *err)
{
    int n_done = 0;
    *stopped = false;
    enum status status = start_loaders(e, err);
    while (status == STATUS_OK) {
        struct batch b[MOST_MEMBERS];
        status = next_batches(e, b, err);
        if (status != STATUS_OK || b->places == 0)
            break;

        if (b->n > 0)
            classify(e, b);
        metrics_add(metrics, e->loss, b->label, e->predicted, b->n);

        if (events->sample)
            status = report_samples(e, b, events, err);
        n_done += b->places;
        if (events->progress)
            events->progress(events->context, n_done);
        if (events->stop && *events->stop != 0) {
            *stopped = true;
            break;
        }
    }
    return status;
}
