/* Rows go through an evaluator, batch by batch. Networks that see the same pixels share a loader,
 * others decode the image again; an image that cannot be read leaves its batch. */
#include "run/train/predictor.h"

#include "base/memory.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/files/model_file.h"
#include "run/files/weights_library.h"

#include <stdlib.h>
#include <string.h>

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

struct model *predictor_model(struct predictor *p)
{
    return p->network[0].model;
}

/* ---- Running ---- */

struct job {
    struct predictor *predictor;
    const struct dataset *data;
    const struct predictor_options *options;
    const struct predictor_events *events;
};

static enum status tell_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    const struct predictor_events *events = ((struct job *)context)->events;
    return events->sample ? events->sample(events->context, s, err) : STATUS_OK;
}

static void tell_progress(void *context, int n_done)
{
    const struct predictor_events *events = ((struct job *)context)->events;
    if (events->progress)
        events->progress(events->context, n_done);
}

static void tell_bad(void *context, int row, const char *message)
{
    const struct predictor_events *events = ((struct job *)context)->events;
    if (events->bad)
        events->bad(events->context, row, message);
}

/* By another loader, for another network: it is told once. */
static void leave_out(void *context, int row, const char *message)
{
    (void)context;
    (void)row;
    (void)message;
}

static struct loader_options images_of(struct job *job, int i)
{
    const struct checkpoint_metadata *metadata = &job->predictor->network[i].metadata;
    struct loader_options options = {.fit = metadata->fit,
                                     .batch_size = job->predictor->batch_size,
                                     .workers = job->options->workers,
                                     .limits = {.max_pixels = job->options->max_pixels,
                                                .apply_exif = metadata->apply_exif,
                                                .jpeg_scale = metadata->jpeg_scale}};
    memcpy(options.mean, metadata->mean, sizeof options.mean);
    memcpy(options.std, metadata->std, sizeof options.std);
    if (job->options->skip_bad_images) {
        options.bad = i == 0 ? tell_bad : leave_out;
        options.bad_context = job;
    }
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

static enum status create_loaders(struct loaders *l, struct job *job, const int *row,
                                  struct error *err)
{
    const struct network *net = job->predictor->network;
    int n_rows = dataset_size(job->data);
    for (int i = 0; i < job->predictor->n_networks; i++) {
        const struct loader_options options = images_of(job, i);
        for (int j = 0; j < i && !l->is_shared[i]; j++)
            if (same_images(&net[i].metadata, &net[j].metadata)) {
                l->of[i] = l->of[j];
                l->is_shared[i] = true;
            }
        if (!l->is_shared[i] &&
            loader_create(&l->of[i], job->data, row, n_rows, NULL, &options, err) != STATUS_OK)
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

static enum status classify(struct job *job, struct metrics *metrics, bool *stopped, const int *row,
                            struct error *err)
{
    const struct evaluator_events events = {
        .context = job,
        .sample = tell_sample,
        .progress = tell_progress,
        .stop = job->events->stop,
    };
    struct loaders loaders = {0};
    struct evaluator *evaluator = NULL;
    enum status status = create_loaders(&loaders, job, row, err);
    if (status == STATUS_OK)
        status = create_evaluator(&evaluator, job, &loaders, err);
    if (status == STATUS_OK)
        status = evaluator_run(evaluator, metrics, stopped, &events, err);
    evaluator_destroy(evaluator);
    destroy_loaders(&loaders, job->predictor->n_networks);
    return status;
}

enum status predictor_run(struct predictor *p, struct metrics *metrics, bool *stopped,
                          const struct dataset *data, const struct predictor_options *opt,
                          const struct predictor_events *events, struct error *err)
{
    struct job job = {.predictor = p, .data = data, .options = opt, .events = events};
    int n_rows = dataset_size(data);
    int *row = memory_array((size_t)n_rows, sizeof *row, "rows", err);
    *stopped = false;
    if (!row)
        return err->status;
    for (int i = 0; i < n_rows; i++)
        row[i] = i;
    enum status status = classify(&job, metrics, stopped, row, err);
    free(row);
    return status;
}
