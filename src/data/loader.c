/* A pipeline over the positions of the epoch's order. Position p belongs to batch p / batch_size,
 * whose images go side by side into one of three slots; work is handed out image by image, so
 * that all threads share even a batch of a few large images. Everything is allocated at creation;
 * decoding alone allocates later. */
#include "data/loader.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "data/image_fetch.h"
#include "data/pipeline.h"
#include "data/sampler.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { N_SLOTS = 3 };

/* A batch that is lent out or being made. Images write side by side without a lock: each its own
 * part of x and its own `failed`. */
struct slot {
    float *x;             /* [batch_size, size, size, 3], or [batch_size, n_values] */
    int *label, *row;     /* [batch_size] */
    int *position;        /* [batch_size] in the epoch */
    struct error *failed; /* [batch_size] status OK, or why the image cannot be read */
};

/* What one worker needs for the image that it works on. */
struct workspace {
    struct resized_image *resized; /* as read, when no cache holds it */
    struct augment augment;
};

struct loader {
    const struct dataset *dataset;
    struct cache *cache;
    struct loader_options options;
    struct pipeline *pipeline;
    struct arena memory;
    struct sampler sampler; /* of this epoch */
    int n_rows, n_batches;
    struct slot slot[N_SLOTS];
    struct workspace *workspace; /* [workers] */
    struct workspace *reread;    /* [parallel_threads()], with options.reread */
    struct error *failed;        /* [batch_size] of loader_reread */
    struct loader_values values; /* in place of images, once there are any */
    int epoch;
    float normalised[3][256]; /* x of each byte, per channel */
    int next_batch;           /* the one that loader_next gives */
};

static size_t image_values(const struct loader_options *opt)
{
    return (size_t)opt->fit.size * (size_t)opt->fit.size * 3;
}

/* What a sample of a batch has. */
static size_t sample_values(const struct loader *l)
{
    return loader_values(l) ? (size_t)l->values.n_values : image_values(&l->options);
}

/* Room for a sample in a slot. */
static size_t sample_floats(const struct loader_options *opt)
{
    size_t image = image_values(opt), values = (size_t)opt->n_values;
    return values > image ? values : image;
}

struct image_fit loader_image_fit(const struct loader_options *opt)
{
    struct image_fit fit = opt->fit;
    if (opt->image_side > 0)
        fit.size = opt->image_side;
    if (opt->augment && augment_crops(opt->augment))
        fit.resize = IMAGE_FIT_SQUASH;
    return fit;
}

static struct workspace *lay_out_workspaces(struct loader *l, int n)
{
    const struct loader_options *opt = &l->options;
    const struct image_fit kept = loader_image_fit(opt);
    struct workspace *out = arena_take(&l->memory, (size_t)n, sizeof *out);
    for (int i = 0; i < n; i++) {
        struct workspace measured = {0}, *workspace = out ? &out[i] : &measured;
        workspace->resized = arena_take(&l->memory, resized_image_bytes(kept.size), 1);
        if (opt->augment)
            augment_lay_out(&workspace->augment, opt->augment, &kept, opt->fit.size, &l->memory);
    }
    return out;
}

/* Takes all arrays from l->memory, once to measure and once for real. */
static void lay_out(struct loader *l)
{
    const struct loader_options *opt = &l->options;
    size_t batch = (size_t)opt->batch_size;
    for (int i = 0; i < N_SLOTS; i++) {
        l->slot[i].x = arena_floats(&l->memory, batch * sample_floats(opt));
        l->slot[i].label = arena_take(&l->memory, batch, sizeof *l->slot[i].label);
        l->slot[i].row = arena_take(&l->memory, batch, sizeof *l->slot[i].row);
        l->slot[i].position = arena_take(&l->memory, batch, sizeof *l->slot[i].position);
        l->slot[i].failed = arena_take(&l->memory, batch, sizeof *l->slot[i].failed);
    }
    sampler_lay_out(&l->sampler, l->n_rows, opt->balance_classes, &l->memory);
    l->workspace = lay_out_workspaces(l, opt->workers);
    if (opt->reread) {
        l->reread = lay_out_workspaces(l, parallel_threads());
        l->failed = arena_take(&l->memory, batch, sizeof *l->failed);
    }
}

size_t loader_bytes(const struct loader_options *opt, int n_rows)
{
    struct loader plan = {.options = *opt, .n_rows = n_rows};
    lay_out(&plan);
    return plan.memory.peak;
}

/* With mean 0 and std 1 this is the division alone, bit for bit: what PyTorch's ToTensor gives. */
static void fill_table(struct loader *l)
{
    for (int c = 0; c < 3; c++)
        for (int byte = 0; byte < 256; byte++)
            l->normalised[c][byte] =
                ((float)byte / 255.0f - l->options.mean[c]) / l->options.std[c];
}

/* restrict, and reads before writes: half the time of the plain loop (0.26 ms for 448 x 448). */
static void normalise(float *restrict x, const uint8_t *restrict rgb,
                      const float (*restrict table)[256], size_t n_pixels)
{
    for (size_t i = 0; i < n_pixels; i++) {
        float red = table[0][rgb[3 * i]];
        float green = table[1][rgb[3 * i + 1]];
        float blue = table[2][rgb[3 * i + 2]];
        x[3 * i] = red;
        x[3 * i + 1] = green;
        x[3 * i + 2] = blue;
    }
}

/* x = the view of an image, but for what is erased. */
static enum status show_view(struct loader *l, float *x, const struct resized_image *image,
                             const struct augment_view *view, struct augment *augment,
                             struct error *err)
{
    const uint8_t *rgb;
    if (augment_apply(&rgb, augment, image, view, err) != STATUS_OK)
        return err->status;
    float lit[3][256];
    for (int c = 0; c < 3; c++)
        for (int byte = 0; byte < 256; byte++)
            lit[c][byte] = l->normalised[c][augment->light[byte]];
    normalise(x, rgb, lit, image_values(&l->options) / 3);
    return STATUS_OK;
}

/* What the network is to see of an image: all of it or a view. */
static enum status show_image(struct loader *l, float *x, const struct resized_image *image,
                              int position, struct augment *augment, struct error *err)
{
    const struct loader_options *opt = &l->options;
    const struct image_fit kept = loader_image_fit(opt);
    const struct image_fit_place shown = image_fit_shown(&kept, image->aspect);
    struct augment_view view = augment_nothing;
    if (opt->augment) {
        augment_draw(&view, opt->augment, image->aspect,
                     &(struct augment_moment){opt->seed, l->epoch, l->sampler.order[position],
                                              l->sampler.occurrence[position]});
        if (show_view(l, x, image, &view, augment, err) != STATUS_OK)
            return err->status;
    } else {
        normalise(x, image->rgb, l->normalised, image_values(opt) / 3);
    }
    augment_erase_bars(x, opt->fit.size, &shown, kept.size, &view);
    augment_erase(x, opt->fit.size, &view);
    return STATUS_OK;
}

/* The image at a position of the epoch, as the network gets it. */
static void make_image(struct loader *l, float *x, int position, struct workspace *workspace,
                       struct error *failed)
{
    const struct loader_options *opt = &l->options;
    const struct image_fit kept = loader_image_fit(opt);
    const struct resized_image *image;
    failed->status = STATUS_OK;
    if (image_fetch(&image, workspace->resized, l->dataset, l->sampler.order[position], l->cache,
                    &kept, &opt->limits, failed) == STATUS_OK)
        show_image(l, x, image, position, &workspace->augment, failed);
}

/* On a worker's thread. */
static void load_image(void *context, int position, int worker)
{
    struct loader *l = context;
    const struct loader_options *opt = &l->options;
    struct slot *slot = &l->slot[position / opt->batch_size % N_SLOTS];
    int place = position % opt->batch_size, row = l->sampler.order[position];
    slot->row[place] = row;
    slot->position[place] = position;
    slot->label[place] = dataset_sample(l->dataset, row)->label;
    make_image(l, slot->x + (size_t)place * image_values(opt), position, &l->workspace[worker],
               &slot->failed[place]);
}

/* ---- values in place of images ---- */

void loader_use_values(struct loader *l, const struct loader_values *values)
{
    pipeline_stop(l->pipeline);
    l->values = *values;
    l->next_batch = l->n_batches;
}

const struct loader_values *loader_values(const struct loader *l)
{
    return l->values.value ? &l->values : NULL;
}

static int draw_view(const struct loader *l, int position)
{
    const struct loader_options *opt = &l->options;
    struct augment_view view;
    if (!opt->augment)
        return 0;
    augment_draw(&view, opt->augment, 1,
                 &(struct augment_moment){opt->seed, l->epoch, l->sampler.order[position],
                                          l->sampler.occurrence[position]});
    return loader_values_view(view.hflip, view.vflip);
}

static void copy_values(const struct loader *l, float *x, int position)
{
    const float *values =
        loader_values_at(&l->values, l->sampler.order[position], draw_view(l, position));
    memcpy(x, values, (size_t)l->values.n_values * sizeof *x);
}

static void fill_place(const struct loader *l, const struct slot *slot, int place, int position)
{
    int row = l->sampler.order[position];
    const struct sample *sample = dataset_sample(l->dataset, row);
    slot->row[place] = row;
    slot->position[place] = position;
    slot->label[place] = sample->label;
    slot->failed[place].status = STATUS_OK;
    if (l->values.place[row] < 0)
        error_set(&slot->failed[place], "%s: the image could not be read", sample->image);
    else
        copy_values(l, slot->x + (size_t)place * (size_t)l->values.n_values, position);
}

/* ---- life ---- */

static enum status take_memory(struct loader *l, const int *rows, struct error *err)
{
    lay_out(l);
    if (arena_commit(&l->memory, "three batches of images", err) != STATUS_OK)
        return err->status;
    lay_out(l);
    memcpy(l->sampler.row, rows, (size_t)l->n_rows * sizeof *rows);
    return STATUS_OK;
}

enum status loader_create(struct loader **out, const struct dataset *d, const int *rows, int n_rows,
                          struct cache *cache, const struct loader_options *opt, struct error *err)
{
    struct loader *l = memory_array(1, sizeof *l, "the loader", err);
    *out = NULL;
    if (!l)
        return err->status;
    l->dataset = d;
    l->cache = cache;
    l->options = *opt;
    l->n_rows = n_rows;
    l->n_batches = n_rows / opt->batch_size + (n_rows % opt->batch_size > 0);
    fill_table(l);
    if (take_memory(l, rows, err) != STATUS_OK ||
        pipeline_create(&l->pipeline, opt->workers, N_SLOTS * opt->batch_size, load_image, l,
                        err) != STATUS_OK) {
        loader_destroy(l);
        return err->status;
    }
    l->next_batch = l->n_batches; /* no epoch yet */
    *out = l;
    return STATUS_OK;
}

int loader_batches(const struct loader *l)
{
    return l->n_batches;
}

/* The position where a batch begins; n_rows for the one after the last. */
static int batch_start(const struct loader *l, int batch)
{
    return batch < l->n_batches ? batch * l->options.batch_size : l->n_rows;
}

enum status loader_start(struct loader *l, int epoch, int first_batch, struct error *err)
{
    if (epoch < 0 || first_batch < 0 || first_batch > l->n_batches)
        return error_set(err, "cannot start at epoch %d, batch %d: an epoch has %d batches", epoch,
                         first_batch, l->n_batches);
    pipeline_stop(l->pipeline); /* its threads read the order */
    if (l->options.balance_classes > 0)
        sampler_balance(&l->sampler, l->dataset, l->options.seed, epoch);
    else if (l->options.shuffle)
        sampler_shuffle(&l->sampler, l->options.seed, epoch);
    else
        sampler_keep_order(&l->sampler);
    l->epoch = epoch;
    l->next_batch = first_batch;
    if (!loader_values(l))
        pipeline_start(l->pipeline, batch_start(l, first_batch), l->n_rows);
    return STATUS_OK;
}

static void move_up(const struct loader *l, const struct slot *slot, int to, int from)
{
    size_t values = sample_values(l);
    memcpy(slot->x + (size_t)to * values, slot->x + (size_t)from * values,
           values * sizeof *slot->x);
    slot->label[to] = slot->label[from];
    slot->row[to] = slot->row[from];
    slot->position[to] = slot->position[from];
}

/* *n = the images of the batch that can be read, which come first now. */
static enum status leave_out_bad(int *n, const struct loader *l, const struct slot *slot,
                                 int places, struct error *err)
{
    *n = 0;
    for (int i = 0; i < places; i++) {
        const struct error *failed = &slot->failed[i];
        if (failed->status == STATUS_OK) {
            if (*n < i)
                move_up(l, slot, *n, i);
            ++*n;
        } else if (l->options.bad) {
            l->options.bad(l->options.bad_context, slot->row[i], failed->message);
        } else {
            *err = *failed;
            return err->status;
        }
    }
    return STATUS_OK;
}

static enum status refuse_to_wait(struct loader *l, struct error *err)
{
    int row = l->sampler.order[pipeline_first_undone(l->pipeline)];
    return error_set(err, "interrupted while %s was being read",
                     dataset_sample(l->dataset, row)->path);
}

enum status loader_next(struct loader *l, struct batch *out, struct error *err)
{
    *out = (struct batch){.index = l->next_batch};
    if (l->next_batch == l->n_batches)
        return STATUS_OK;
    int first = batch_start(l, l->next_batch), end = batch_start(l, l->next_batch + 1);
    double waited = 0;
    if (!loader_values(l)) {
        pipeline_release(l->pipeline, first); /* the slot of the batch before */
        waited = pipeline_wait(l->pipeline, end);
    }
    if (waited < 0)
        return refuse_to_wait(l, err);

    const struct slot *slot = &l->slot[l->next_batch % N_SLOTS];
    for (int p = first; p < end && loader_values(l); p++)
        fill_place(l, slot, p - first, p);
    int n;
    if (leave_out_bad(&n, l, slot, end - first, err) != STATUS_OK)
        return err->status;
    l->next_batch++;
    *out = (struct batch){
        .x = slot->x,
        .label = slot->label,
        .row = slot->row,
        .position = slot->position,
        .n = n,
        .places = end - first,
        .index = l->next_batch - 1,
        .wait_seconds = waited,
    };
    return STATUS_OK;
}

static volatile sig_atomic_t rereads;

bool loader_rereads(void)
{
    return rereads;
}

struct rereading {
    struct loader *loader;
    float *x;
    const int *position;
};

static void reread_image(void *context, int place, int worker)
{
    const struct rereading *r = context;
    struct loader *l = r->loader;
    make_image(l, r->x + (size_t)place * image_values(&l->options), r->position[place],
               &l->reread[worker], &l->failed[place]);
}

/* As leave_out_bad. */
static enum status leave_out_gone(const struct rereading *r, int *n, int *kept, struct error *err)
{
    const struct loader *l = r->loader;
    size_t values = image_values(&l->options);
    int places = *n;
    *n = 0;
    for (int i = 0; i < places; i++) {
        const struct error *failed = &l->failed[i];
        if (failed->status == STATUS_OK) {
            if (*n < i)
                memcpy(r->x + (size_t)*n * values, r->x + (size_t)i * values,
                       values * sizeof *r->x);
            kept[(*n)++] = i;
        } else if (l->options.bad) {
            l->options.bad(l->options.bad_context, l->sampler.order[r->position[i]],
                           failed->message);
        } else {
            *err = *failed;
            return err->status;
        }
    }
    return STATUS_OK;
}

enum status loader_reread(struct loader *l, float *x, const int *position, int *n, int *kept,
                          struct error *err)
{
    struct rereading r = {l, x, position};
    for (int i = 0; i < *n && loader_values(l); i++) {
        copy_values(l, x + (size_t)i * (size_t)l->values.n_values, position[i]);
        kept[i] = i;
    }
    if (loader_values(l))
        return STATUS_OK;
    rereads = true;
    parallel_for(reread_image, &r, *n);
    rereads = false;
    return leave_out_gone(&r, n, kept, err);
}

void loader_destroy(struct loader *l)
{
    if (!l)
        return;
    pipeline_destroy(l->pipeline);
    arena_destroy(&l->memory);
    free(l);
}
