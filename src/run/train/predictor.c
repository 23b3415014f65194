/* Rows go through an evaluator. Networks that see the same pixels share a loader, others decode the
 * image again. When bad images are to be skipped, the rows are taken in
 * portions: each portion is decoded once into a cache, which finds the bad ones, and classified
 * from there; so nothing is decoded twice and the memory is bounded however long the table is. */
#include "run/train/predictor.h"

#include "base/memory.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/files/model_file.h"
#include "run/files/weights_library.h"

#include <stdlib.h>
#include <string.h>

#define PORTION_BYTES ((size_t)256 << 20) /* of resized images */

struct network {
    char *file;
    struct checkpoint_metadata metadata;
    struct model *model;
};

struct predictor {
    struct network network[EVALUATOR_MOST_NETWORKS]; /* the first decides about classes */
    int n_networks;
    int batch_size;
};

/* ---- Opening ---- */

static enum status open_parts(struct network *net, int batch_size, const struct safetensors *file,
                              struct error *err)
{
    struct model_spec spec;
    if (checkpoint_metadata_read(&net->metadata, file, net->file, err) != STATUS_OK ||
        model_file_parse(&spec, net->metadata.model, strlen(net->metadata.model), net->file, err) !=
            STATUS_OK)
        return err->status;
    const struct model_options options = {
        .classes = net->metadata.classes.n,
        .size = net->metadata.fit.size,
        .max_batch = batch_size,
        .training = false,
    };
    if (model_create(&net->model, &spec, &options, err) != STATUS_OK)
        return err->status;
    struct checkpoint_report report = {0};
    enum status status =
        checkpoint_load(&report, model_params(net->model), file, net->file, NULL, err);
    checkpoint_report_free(&report);
    return status;
}

static enum status open_network(struct network *net, const char *path, int batch_size,
                                struct error *err)
{
    struct safetensors file = {0};
    enum status status = weights_library_file(&net->file, path, err);
    if (status == STATUS_OK)
        status = safetensors_read(&file, net->file, err);
    if (status == STATUS_OK)
        status = open_parts(net, batch_size, &file, err);
    safetensors_free(&file);
    return status;
}

static void close_network(struct network *net)
{
    free(net->file);
    checkpoint_metadata_free(&net->metadata);
    model_destroy(net->model);
    *net = (struct network){0};
}

enum status predictor_open(struct predictor **out, const char *path, int batch_size,
                           struct error *err)
{
    struct predictor *p = memory_array(1, sizeof *p, "predictor", err);

    *out = NULL;
    if (!p)
        return err->status;
    p->batch_size = batch_size;
    p->n_networks = 1;
    if (open_network(&p->network[0], path, batch_size, err) != STATUS_OK) {
        predictor_close(p);
        return err->status;
    }
    *out = p;
    return STATUS_OK;
}

static enum status check_classes(const struct network *a, const struct network *b,
                                 struct error *err)
{
    const struct class_list *of_a = &a->metadata.classes, *of_b = &b->metadata.classes;
    if (of_a->n != of_b->n)
        return error_set(err,
                         "%s and %s: %d and %d classes; networks that are averaged have the "
                         "same ones in the same order",
                         a->file, b->file, of_a->n, of_b->n);
    for (int c = 0; c < of_a->n; c++)
        if (strcmp(of_a->name[c], of_b->name[c]) != 0)
            return error_set(err,
                             "%s and %s: class %d is \"%s\" and \"%s\"; networks that are "
                             "averaged have the same ones in the same order",
                             a->file, b->file, c + 1, of_a->name[c], of_b->name[c]);
    return STATUS_OK;
}

enum status predictor_add(struct predictor *p, const char *path, struct error *err)
{
    if (p->n_networks == EVALUATOR_MOST_NETWORKS)
        return error_usage(err, "more than %d networks", EVALUATOR_MOST_NETWORKS);
    struct network *net = &p->network[p->n_networks++];
    if (open_network(net, path, p->batch_size, err) != STATUS_OK)
        return err->status;
    return check_classes(&p->network[0], net, err);
}

void predictor_close(struct predictor *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_networks; i++)
        close_network(&p->network[i]);
    free(p);
}

const struct checkpoint_metadata *predictor_metadata(const struct predictor *p)
{
    return &p->network[0].metadata;
}

const char *predictor_file(const struct predictor *p)
{
    return p->network[0].file;
}

struct shape predictor_map_shape(const struct predictor *p)
{
    return model_activation_shape(p->network[0].model);
}

/* ---- Running ---- */

struct job {
    struct predictor *predictor;
    struct metrics *metrics;
    const struct dataset *data;
    const struct predictor_options *options;
    const struct predictor_events *events;
    int *row;  /* rows of the present portion; note_bad makes -1 of a bad one */
    int first; /* row[0] before that */
    int n_skipped_and_earlier;
    bool stopped;
};

static enum status tell_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    const struct predictor_events *events = ((struct job *)context)->events;
    return events->sample ? events->sample(events->context, s, err) : STATUS_OK;
}

static void tell_progress(void *context, int n_done)
{
    const struct job *job = context;
    if (job->events->progress)
        job->events->progress(job->events->context, job->n_skipped_and_earlier + n_done);
}

static void note_bad(void *context, int row, const char *message)
{
    struct job *job = context;
    job->row[row - job->first] = -1;
    job->n_skipped_and_earlier++;
    if (job->events->bad)
        job->events->bad(job->events->context, row, message);
}

static struct loader_options images_of(const struct job *job, const struct network *net)
{
    const struct checkpoint_metadata *metadata = &net->metadata;
    struct loader_options options = {.fit = metadata->fit,
                                     .batch_size = job->predictor->batch_size,
                                     .workers = job->options->workers,
                                     .limits = {.max_pixels = job->options->max_pixels,
                                                .apply_exif = metadata->apply_exif,
                                                .jpeg_scale = metadata->jpeg_scale}};
    memcpy(options.mean, metadata->mean, sizeof options.mean);
    memcpy(options.std, metadata->std, sizeof options.std);
    return options;
}

/* Both networks see the same pixels. */
static bool same_images(const struct checkpoint_metadata *a, const struct checkpoint_metadata *b)
{
    return image_fit_equal(&a->fit, &b->fit) && memcmp(a->mean, b->mean, sizeof a->mean) == 0 &&
           memcmp(a->std, b->std, sizeof a->std) == 0 && a->apply_exif == b->apply_exif &&
           a->jpeg_scale == b->jpeg_scale;
}

/* Loaders of the networks; those that see the same share one. */
struct loaders {
    struct loader *of[EVALUATOR_MOST_NETWORKS];
    bool is_shared[EVALUATOR_MOST_NETWORKS];
};

static enum status create_loaders(struct loaders *l, const struct job *job, int n,
                                  struct cache *cache, struct error *err)
{
    const struct network *net = job->predictor->network;
    for (int i = 0; i < job->predictor->n_networks; i++) {
        const struct loader_options options = images_of(job, &net[i]);
        for (int j = 0; j < i && !l->is_shared[i]; j++)
            if (same_images(&net[i].metadata, &net[j].metadata)) {
                l->of[i] = l->of[j];
                l->is_shared[i] = true;
            }
        /* The cache holds what the first network sees. */
        if (!l->is_shared[i] && loader_create(&l->of[i], job->data, job->row, n,
                                              i == 0 ? cache : NULL, &options, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static void destroy_loaders(struct loaders *l, int n)
{
    for (int i = 0; i < n; i++)
        if (!l->is_shared[i])
            loader_destroy(l->of[i]);
}

static enum status create_evaluator(struct evaluator **out, const struct job *job,
                                    const struct loaders *l, struct error *err)
{
    const struct network *net = job->predictor->network;
    enum status status = evaluator_create(out, net[0].model, l->of[0], job->options->flip, err);
    for (int i = 1; status == STATUS_OK && i < job->predictor->n_networks; i++)
        status = evaluator_add_network(*out, net[i].model, l->of[i], err);
    for (int i = 0; status == STATUS_OK && i < job->predictor->n_networks; i++)
        evaluator_use_temperature(*out, i, net[i].metadata.temperature);
    if (status == STATUS_OK && job->options->draw_maps)
        status = evaluator_draw_maps(*out, err);
    return status;
}

static enum status classify(struct job *job, int n, struct cache *cache, struct error *err)
{
    const struct evaluator_events events = {
        .context = job,
        .sample = tell_sample,
        .progress = tell_progress,
        .stop = job->events->stop,
    };
    struct loaders loaders = {0};
    struct evaluator *evaluator = NULL;
    enum status status = create_loaders(&loaders, job, n, cache, err);
    if (status == STATUS_OK)
        status = create_evaluator(&evaluator, job, &loaders, err);
    if (status == STATUS_OK)
        status = evaluator_run(evaluator, job->metrics, &job->stopped, &events, err);
    evaluator_destroy(evaluator);
    destroy_loaders(&loaders, job->predictor->n_networks);
    return status;
}

/* Decodes a portion, drops its bad rows and classifies the others. */
static enum status classify_good(struct job *job, int n, struct error *err)
{
    const struct loader_check check = {
        .context = job,
        .bad = note_bad,
        .stop = job->events->stop,
    };
    const struct loader_options options = images_of(job, &job->predictor->network[0]);
    struct cache *cache;
    enum status status =
        cache_create(&cache, dataset_size(job->data), options.fit.size, 2 * PORTION_BYTES, err);
    if (status != STATUS_OK)
        return status;
    status = loader_check_images(job->data, job->row, n, cache, &options, &check, err);
    int n_good = 0;
    for (int i = 0; i < n; i++)
        if (job->row[i] >= 0)
            job->row[n_good++] = job->row[i];
    job->stopped = job->events->stop && *job->events->stop != 0;
    if (status == STATUS_OK && n_good > 0 && !job->stopped)
        status = classify(job, n_good, cache, err);
    job->n_skipped_and_earlier += n_good;
    cache_destroy(cache);
    return status;
}

static int portion_rows(int size)
{
    size_t rows = PORTION_BYTES / ((size_t)size * (size_t)size * 3);
    return rows < 1 ? 1 : (int)rows;
}

enum status predictor_run(struct predictor *p, struct metrics *metrics, bool *stopped,
                          const struct dataset *data, const struct predictor_options *opt,
                          const struct predictor_events *events, struct error *err)
{
    struct job job = {
        .predictor = p,
        .metrics = metrics,
        .data = data,
        .events = events,
        .options = opt,
    };
    int n_rows = dataset_size(data);
    int portion = opt->skip_bad_images ? portion_rows(p->network[0].metadata.fit.size) : n_rows;
    enum status status = STATUS_OK;
    job.row = memory_array((size_t)portion, sizeof *job.row, "rows", err);
    if (!job.row)
        return err->status;
    for (int first = 0; status == STATUS_OK && first < n_rows && !job.stopped; first += portion) {
        int n = n_rows - first < portion ? n_rows - first : portion;
        job.first = first;
        for (int i = 0; i < n; i++)
            job.row[i] = first + i;
        status = opt->skip_bad_images ? classify_good(&job, n, err) : classify(&job, n, NULL, err);
    }
    free(job.row);
    *stopped = job.stopped;
    return status;
}
