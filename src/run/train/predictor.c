/* Rows go through an evaluator. When bad images are to be skipped, the rows are taken in
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

struct predictor {
    char *file;
    struct checkpoint_metadata metadata;
    struct model *model;
    int batch_size;
};

/* ---- Opening ---- */

static enum status open_parts(struct predictor *p, const struct safetensors *file,
                              struct error *err)
{
    struct model_spec spec;
    if (checkpoint_metadata_read(&p->metadata, file, p->file, err) != STATUS_OK ||
        model_file_parse(&spec, p->metadata.model, strlen(p->metadata.model), p->file, err) !=
            STATUS_OK)
        return err->status;
    const struct model_options options = {
        .classes = p->metadata.classes.n,
        .size = p->metadata.fit.size,
        .max_batch = p->batch_size,
        .training = false,
    };
    if (model_create(&p->model, &spec, &options, err) != STATUS_OK)
        return err->status;
    struct checkpoint_report report = {0};
    enum status status = checkpoint_load(&report, model_params(p->model), file, p->file, NULL, err);
    checkpoint_report_free(&report);
    return status;
}

enum status predictor_open(struct predictor **out, const char *path, int batch_size,
                           struct error *err)
{
    struct predictor *p = memory_array(1, sizeof *p, "predictor", err);
    struct safetensors file = {0};

    *out = NULL;
    if (!p)
        return err->status;
    p->batch_size = batch_size;
    enum status status = weights_library_file(&p->file, path, err);
    if (status == STATUS_OK)
        status = safetensors_read(&file, p->file, err);
    if (status == STATUS_OK)
        status = open_parts(p, &file, err);
    safetensors_free(&file);
    if (status == STATUS_OK)
        *out = p;
    else
        predictor_close(p);
    return status;
}

void predictor_close(struct predictor *p)
{
    if (!p)
        return;
    free(p->file);
    checkpoint_metadata_free(&p->metadata);
    model_destroy(p->model);
    free(p);
}

const struct checkpoint_metadata *predictor_metadata(const struct predictor *p)
{
    return &p->metadata;
}

/* ---- Running ---- */

struct job {
    struct predictor *predictor;
    struct metrics *metrics;
    const struct dataset *data;
    struct loader_options loader;
    const struct predictor_events *events;
    int *row;  /* rows of the present portion; note_bad makes -1 of a bad one */
    int first; /* row[0] before that */
    int n_skipped_and_earlier;
    bool flip, stopped;
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

static enum status classify(struct job *job, int n, struct cache *cache, struct error *err)
{
    const struct evaluator_events events = {
        .context = job,
        .sample = tell_sample,
        .progress = tell_progress,
        .stop = job->events->stop,
    };
    struct loader *loader = NULL;
    struct evaluator *evaluator = NULL;
    enum status status = loader_create(&loader, job->data, job->row, n, cache, &job->loader, err);
    if (status == STATUS_OK)
        status = evaluator_create(&evaluator, job->predictor->model, loader, job->flip, err);
    if (status == STATUS_OK)
        status = evaluator_run(evaluator, job->metrics, &job->stopped, &events, err);
    evaluator_destroy(evaluator);
    loader_destroy(loader);
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
    struct cache *cache;
    enum status status =
        cache_create(&cache, dataset_size(job->data), job->loader.fit.size, 2 * PORTION_BYTES, err);
    if (status != STATUS_OK)
        return status;
    status = loader_check_images(job->data, job->row, n, cache, &job->loader, &check, err);
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
        .flip = opt->flip,
        .loader = {.fit = p->metadata.fit,
                   .batch_size = p->batch_size,
                   .workers = opt->workers,
                   .limits = {.max_pixels = opt->max_pixels,
                              .apply_exif = p->metadata.apply_exif,
                              .jpeg_scale = p->metadata.jpeg_scale}},
    };
    memcpy(job.loader.mean, p->metadata.mean, sizeof p->metadata.mean);
    memcpy(job.loader.std, p->metadata.std, sizeof p->metadata.std);

    int n_rows = dataset_size(data);
    int portion = opt->skip_bad_images ? portion_rows(p->metadata.fit.size) : n_rows;
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
