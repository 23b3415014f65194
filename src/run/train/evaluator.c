/* Evaluation is forward passes only; what a caller wants of each sample it gets through a callback,
 * so that a table of predictions and the figures of a training run come from the same loop. */
#include "run/train/evaluator.h"

#include "base/memory.h"
#include "nn/loss.h"
#include "nn/temperature.h"
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
    double temperature;
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
    float *mean_score;       /* [max_batch, classes] of the views of a network; of the networks */

    const float
        *score;        /* [max_batch, classes] of the present batch: the network's, or mean_score */
    float *calibrated; /* [max_batch, classes] sum over the networks; NULL unless several */

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
    size_t score = flip ? (size_t)classes * sizeof *e->mean_score : 0;

    return (size_t)max_batch * ((flip ? 2 : 1) * one + score + sizeof *e->predicted);
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
    e->mean_score = e->view_probability
                        ? memory_array(batch * classes, sizeof *e->mean_score, "scores", err)
                        : NULL;
    return e->mean_score ? STATUS_OK : err->status;
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
    e->member[0] = (struct member){model, loader, 1};
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
    if (!e->calibrated)
        e->calibrated = memory_array((size_t)e->max_batch * (size_t)e->classes,
                                     sizeof *e->calibrated, "probabilities", err);
    if (!e->calibrated)
        return err->status;
    e->member[e->n_members++] = (struct member){model, loader, 1};
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
    free(e->mean_score);
    free(e->calibrated);
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

static double log_sum_exp(const float *logits, int classes)
{
    int largest = metrics_predict(logits, classes);
    double max = logits[largest], others = 0;
    for (int j = 0; j < classes; j++)
        others += j == largest ? 0 : exp(logits[j] - max);
    return max + log1p(others);
}

/* score [classes], logits of one view, becomes the logarithm of the mean probability of both. */
static void add_score(float *score, const float *mirrored, int classes)
{
    double sum = log_sum_exp(score, classes), mirrored_sum = log_sum_exp(mirrored, classes);
    for (int j = 0; j < classes; j++)
        score[j] = -loss_of_mean((float)(sum - score[j]), 1, (float)(mirrored_sum - mirrored[j]));
}

/* A view of the batch is averaged into the loss and summed into the probability; n_before of them
 * are there. */
static void add_view(struct evaluator *e, const struct batch *b, const float *logits, int n_before)
{
    bool is_first = n_before == 0;
    loss_cross_entropy(is_first ? e->loss : e->view_loss, NULL,
                       is_first ? e->probability : e->view_probability, logits, b->label, b->n,
                       e->classes, NULL);
    for (int i = 0; !is_first && i < b->n; i++)
        if (b->label[i] >= 0)
            e->loss[i] = loss_of_mean(e->loss[i], n_before, e->view_loss[i]);
    for (size_t i = 0; !is_first && i < (size_t)b->n * (size_t)e->classes; i++)
        e->probability[i] += e->view_probability[i];
}

/* All views of a network; leaves their score, valid until its next batch or until that of the next
 * network. */
static void add_member(struct evaluator *e, const struct member *m, const struct batch *b,
                       int *n_views)
{
    bool maps = e->activation && m == &e->member[0];
    const float *logits = compute_logits(e, m, b->x, b->n, maps);
    add_view(e, b, logits, (*n_views)++);
    e->score = logits;
    if (!e->mirrored)
        return;
    size_t classes = (size_t)e->classes;
    memcpy(e->mean_score, logits, (size_t)b->n * classes * sizeof *e->mean_score);
    fill_mirrored(e, m, b);
    logits = compute_logits(e, m, e->mirrored, b->n, false);
    add_view(e, b, logits, (*n_views)++);
    for (size_t i = 0; i < (size_t)b->n; i++)
        add_score(e->mean_score + i * classes, logits + i * classes, e->classes);
    e->score = e->mean_score;
}

static bool is_calibrated(const struct evaluator *e)
{
    for (int i = 0; i < e->n_members; i++)
        if (e->member[i].temperature != 1)
            return true;
    return false;
}

/* Of several networks: adds the probabilities at the temperature of one, whose score it is. */
static void add_calibrated(struct evaluator *e, const struct member *m, int n)
{
    bool is_first = m == &e->member[0];
    temperature_apply(is_first ? e->calibrated : e->view_probability, e->score, n, e->classes,
                      m->temperature);
    for (size_t i = 0; !is_first && i < (size_t)n * (size_t)e->classes; i++)
        e->calibrated[i] += e->view_probability[i];
}

static void divide(float *values, int n, int classes, int by)
{
    for (size_t i = 0; i < (size_t)n * (size_t)classes; i++)
        values[i] /= (float)by;
}

/* The mean over several networks: its score at temperature 1, and what is told as probability. */
static void finish_several(struct evaluator *e, int n)
{
    size_t n_values = (size_t)n * (size_t)e->classes;
    for (size_t i = 0; i < n_values; i++)
        e->mean_score[i] = logf(e->probability[i]);
    e->score = e->mean_score;
    if (!is_calibrated(e))
        return;
    divide(e->calibrated, n, e->classes, e->n_members);
    memcpy(e->probability, e->calibrated, n_values * sizeof *e->probability);
}

/* Fills loss, probability, score and predicted for a batch, of each network's images. */
static void classify(struct evaluator *e, const struct batch b[])
{
    bool several = e->n_members > 1, calibrates = is_calibrated(e);
    int n_views = 0;
    for (int i = 0; i < e->n_members; i++) {
        add_member(e, &e->member[i], &b[i], &n_views);
        if (several && calibrates)
            add_calibrated(e, &e->member[i], b->n);
    }
    if (n_views > 1)
        divide(e->probability, b->n, e->classes, n_views);
    if (several)
        finish_several(e, b->n);
    const float *largest = n_views > 1 ? e->probability : e->score;
    for (int i = 0; i < b->n; i++)
        e->predicted[i] = metrics_predict(largest + (size_t)i * (size_t)e->classes, e->classes);
    if (!several && calibrates)
        temperature_apply(e->probability, e->score, b->n, e->classes, e->member[0].temperature);
}

void evaluator_use_temperature(struct evaluator *e, int network, double temperature)
{
    assert(network < e->n_members);
    e->member[network].temperature = temperature;
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
            .score = e->score + (size_t)i * (size_t)e->classes,
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

/* The same rows, as each network sees them. A file that changes meanwhile may be an image for one
 * of them alone. */
static enum status next_batches(struct evaluator *e, struct batch b[], struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < e->n_members; i++) {
        int first = same_loader(e, i);
        if (first < i)
            b[i] = b[first];
        else
            status = loader_next(e->member[i].loader, &b[i], err);
        /* The end is a batch of no rows: NULL, which memcmp does not take. */
        if (status == STATUS_OK &&
            (b[i].n != b->n ||
             (b->n > 0 && memcmp(b[i].row, b->row, (size_t)b->n * sizeof *b->row) != 0)))
            status = error_set(err, "an image could be read for one network and not for another");
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
