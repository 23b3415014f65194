/* Rows whose features the file has are filled from it; the rest goes through a loader and the
 * network, batch by batch, each image in all views at once, so that it is decoded once. A sample's
 * features do not depend on its neighbours in the batch (nn/model), so it does not matter which
 * those are. */
#include "run/train/features.h"

#include "base/memory.h"
#include "run/train/mirror.h"

#include <stdlib.h>
#include <string.h>

struct image_state {
    struct image_key key;
    bool has_key;             /* it may be kept */
    bool found[LOADER_VIEWS]; /* in the file */
};

struct work {
    struct features *out;
    const struct features_input *in;
    const struct features_events *events;
    struct image_state *image; /* [n] */
    int *missing, n_missing;   /* rows that are to be computed */
    struct loader *loader;     /* over these */
    float *mirrored;           /* [batch_size, size, size, 3] */
    float *batch;              /* [batch_size, n_values] */
    int n_done;
};

static size_t image_floats(const struct loader_options *images)
{
    return (size_t)images->fit.size * (size_t)images->fit.size * 3;
}

size_t features_bytes(int n_table, int n_rows, int n_views, int n_values)
{
    const struct features *f = NULL;
    return (size_t)n_rows * (size_t)n_views * (size_t)n_values * sizeof *f->value +
           (size_t)n_table * sizeof *f->place;
}

size_t features_working_bytes(const struct loader_options *images, int n_rows, int n_values)
{
    const struct work *w = NULL;
    size_t batch = (size_t)images->batch_size;
    return loader_bytes(images, n_rows) +
           batch * (image_floats(images) + (size_t)n_values) * sizeof *w->batch +
           (size_t)n_rows * (sizeof *w->image + sizeof *w->missing);
}

/* ---- the file ---- */

static struct image_key record_key(const struct work *w, const struct image_key *image, int view)
{
    struct image_key key = *image;
    image_key_add(&key, &w->in->key, sizeof w->in->key);
    image_key_add(&key, &view, sizeof view);
    return key;
}

static float *features_of(const struct work *w, int row, int view)
{
    const struct loader_values *v = &w->out->values;
    return w->out->value + (loader_values_at(v, row, view) - v->value);
}

static const char *path_of(const struct work *w, int row)
{
    return dataset_sample(w->in->data, row)->path;
}

/* True: all its views were in the file. */
static bool find(const struct work *w, int row)
{
    struct image_state *image = &w->image[w->out->place[row]];
    bool all = true;
    image->has_key = w->in->file && image_key_of(&image->key, path_of(w, row));
    for (int view = 0; view < LOADER_VIEWS; view++) {
        if (!w->in->view[view])
            continue;
        if (image->has_key) {
            const struct image_key key = record_key(w, &image->key, view);
            image->found[view] = disk_cache_find(w->in->file, features_of(w, row, view), &key);
        }
        all = all && image->found[view];
    }
    return all;
}

/* Unless the image has changed since before it was read. */
static void store(const struct work *w, int row)
{
    const struct image_state *image = &w->image[w->out->place[row]];
    struct image_key now;
    if (!image->has_key || !image_key_of(&now, path_of(w, row)) ||
        !image_key_equal(&image->key, &now))
        return;
    for (int view = 0; view < LOADER_VIEWS; view++) {
        const struct image_key key = record_key(w, &image->key, view);
        if (w->in->view[view] && !image->found[view])
            disk_cache_store(w->in->file, &key, features_of(w, row, view));
    }
}

/* ---- computing ---- */

static void tell(struct work *w, int n_more)
{
    w->n_done += n_more;
    if (w->events->progress)
        w->events->progress(w->events->context, w->n_done);
}

static bool stopped(const struct work *w)
{
    return w->events->stop && *w->events->stop != 0;
}

static void compute_view(const struct work *w, const struct batch *b, int view)
{
    bool across = view & 1, down = view & 2;
    size_t n = (size_t)w->out->values.n_values;
    if (across || down)
        mirror_images(w->mirrored, b->x, b->n, w->in->images.fit.size, across, down);
    model_compute_features(w->in->model, w->batch, across || down ? w->mirrored : b->x, b->n);
    for (int i = 0; i < b->n; i++)
        memcpy(features_of(w, b->row[i], view), w->batch + (size_t)i * n, n * sizeof *w->batch);
}

/* It leaves its batches, of training, too. */
static void note_bad(void *context, int row, const char *message)
{
    const struct work *w = context;
    w->out->place[row] = -1;
    w->in->images.bad(w->in->images.bad_context, row, message);
}

static enum status compute_missing(struct work *w, struct error *err)
{
    struct loader_options images = w->in->images;
    struct batch b;
    if (images.bad) {
        images.bad = note_bad;
        images.bad_context = w;
    }
    if (loader_create(&w->loader, w->in->data, w->missing, w->n_missing, w->in->cache, &images,
                      err) != STATUS_OK ||
        loader_start(w->loader, 0, 0, err) != STATUS_OK)
        return err->status;
    while (!stopped(w)) {
        if (loader_next(w->loader, &b, err) != STATUS_OK)
            return err->status;
        if (b.places == 0)
            break;
        for (int view = 0; view < LOADER_VIEWS; view++)
            if (w->in->view[view] && b.n > 0)
                compute_view(w, &b, view);
        for (int i = 0; i < b.n; i++)
            store(w, b.row[i]);
        tell(w, b.places);
    }
    return STATUS_OK;
}

/* ---- the whole ---- */

/* The values are found by place, and their views in ascending order. */
static void lay_out(struct features *out, const struct features_input *in)
{
    out->values = (struct loader_values){
        .value = out->value, .place = out->place, .n_values = model_n_features(in->model)};
    for (int view = 0; view < LOADER_VIEWS; view++)
        out->values.view[view] = in->view[view] ? out->values.n_views++ : 0;
    for (int i = 0; i < in->n; i++)
        out->place[in->row[i]] = i;
}

static enum status allocate(struct work *w, struct error *err)
{
    const struct features_input *in = w->in;
    static const char what[] = "features";
    size_t n = (size_t)in->n, n_values = (size_t)model_n_features(in->model), n_views = 0;
    size_t batch = (size_t)in->images.batch_size;
    for (int view = 0; view < LOADER_VIEWS; view++)
        n_views += in->view[view];
    w->out->value = memory_array(n * n_views, n_values * sizeof *w->out->value, what, err);
    w->out->place = memory_array((size_t)dataset_size(in->data), sizeof *w->out->place, what, err);
    w->image = memory_array(n, sizeof *w->image, what, err);
    w->missing = memory_array(n, sizeof *w->missing, what, err);
    w->batch = memory_array(batch, n_values * sizeof *w->batch, what, err);
    w->mirrored = memory_array(batch, image_floats(&in->images) * sizeof *w->mirrored, what, err);
    if (!w->out->value || !w->out->place || !w->image || !w->missing || !w->batch || !w->mirrored)
        return err->status;
    lay_out(w->out, in);
    return STATUS_OK;
}

static enum status run(struct work *w, struct error *err)
{
    if (allocate(w, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < w->in->n && !stopped(w); i++)
        if (!find(w, w->in->row[i]))
            w->missing[w->n_missing++] = w->in->row[i];
    w->out->n_found = w->in->n - w->n_missing;
    tell(w, w->out->n_found);
    return w->n_missing > 0 && !stopped(w) ? compute_missing(w, err) : STATUS_OK;
}

enum status features_compute(struct features *out, const struct features_input *in,
                             const struct features_events *events, struct error *err)
{
    struct work w = {.out = out, .in = in, .events = events};
    *out = (struct features){0};
    enum status status = run(&w, err);
    loader_destroy(w.loader);
    free(w.image);
    free(w.missing);
    free(w.batch);
    free(w.mirrored);
    return status;
}

void features_free(struct features *f)
{
    free(f->value);
    free(f->place);
    *f = (struct features){0};
}
