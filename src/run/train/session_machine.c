#include "run/train/session_machine.h"

#include "base/free_memory.h"
#include "base/parallel.h"
#include "base/resident_memory.h"
#include "math/gemm.h"
#include "run/settings/recipe.h"
#include "run/train/evaluator.h"
#include "run/train/session_features_plan.h"
#include "run/train/session_weights.h"
#include "run/train/trainer.h"

#include <math.h>
#include <stdlib.h>

/* As many as compute, for when the network is small and the images are large; the loader lets
 * work as many of them as it takes (data/pipeline). Two also beside a single computing thread, so
 * that one slow image or disk does not hold up the rest. */
static int default_workers(int threads)
{
    return threads < 2 ? 2 : threads > 16 ? 16 : threads;
}

struct loader_options session_machine_loader_options(const struct session *s)
{
    const struct settings *set = s->settings;
    struct loader_options options = {
        .fit = settings_image_fit(set),
        .batch_size = set->batch_size,
        .seed = (uint64_t)set->seed,
        .workers = s->workers,
        .n_values = session_features_plan_values(s),
        .limits = {.max_pixels = set->max_pixels,
                   .apply_exif = set->exif == EXIF_APPLY,
                   .jpeg_scale = set->jpeg_scale},
    };

    for (int i = 0; i < 3; i++) {
        options.mean[i] = set->mean.value[i];
        options.std[i] = set->std.value[i];
    }
    return options;
}

struct loader_options session_machine_train_loader_options(const struct session *s)
{
    const struct settings *set = s->settings;
    struct loader_options options = session_machine_loader_options(s);
    double scale = set->cache_scale > 0 ? set->cache_scale : augment_default_scale(&set->views);

    options.shuffle = true;
    options.reread = set->scope == SCOPE_STEP && set->accumulate > 1;
    options.balance_classes = set->sampler == SAMPLER_BALANCED ? dataset_classes(s->data)->n : 0;
    if (augment_is_on(&set->views)) {
        options.augment = &set->views;
        options.image_side = (int)ceil(set->size * scale);
    }
    return options;
}

struct model_options session_machine_model_options(const struct session *s)
{
    return (struct model_options){
        .classes = dataset_classes(s->data)->n,
        .size = s->settings->size,
        .max_batch = s->settings->batch_size,
        .training = true,
        .convolutions = s->settings->conv,
        .freeze_batch_norm = s->settings->freeze_bn,
        .keeps_halves = s->settings->activations == ACTIVATIONS_HALF,
        .full_backward = s->settings->backward == BACKWARD_FULL,
        .train = s->settings->train,
        .unfreezes = s->settings->unfreeze_epoch > 0,
    };
}

/* "auto" keeps all images or none: a cache that holds a part of them is asked for by "memory". */
static size_t cache_budget(const struct session *s)
{
    const struct session_memory *m = &s->memory;
    size_t budget = (size_t)s->settings->cache_mib << 20;

    if (s->settings->cache == CACHE_NONE || s->settings->cache == CACHE_DISK)
        return 0;
    /* Images are read once for their features; only what looks at all of them first keeps them. */
    if (s->settings->cache == CACHE_AUTO && s->keeps_features && !s->settings->mean.from_data &&
        s->settings->on_bad_image != BAD_IMAGE_SKIP)
        return 0;
    if (s->settings->cache_mib == 0)
        budget = m->free > m->training ? (m->free - m->training) / 2 : 0;
    if (s->settings->cache == CACHE_AUTO && budget < m->images)
        return 0;
    return budget < m->images ? budget : m->images;
}

/* What a step of several batches takes beside them: a second gradient, and the images that go
 * through the network again. */
static size_t step_bytes(const struct session *s)
{
    const struct settings *set = s->settings;
    size_t side = (size_t)set->size, classes = (size_t)dataset_classes(s->data)->n;
    size_t features = (size_t)s->summary.n_features, values = side * side * 3;
    size_t most = features > values ? features : values;
    size_t again = (size_t)set->batch_size * (most + classes) * sizeof(float);

    if (set->accumulate == 1)
        return 0;
    return s->summary.gradient_bytes + (set->scope == SCOPE_STEP ? again : 0);
}

/* With those that would take more than half of what is free, images go through the network in each
 * epoch. */
static void plan_features(struct session *s)
{
    struct session_memory *m = &s->memory;
    const struct loader_options images = session_machine_loader_options(s);
    size_t bytes = session_features_plan_bytes(s, &images);

    s->keeps_features =
        session_features_plan_possible(s->settings) &&
        (m->free == 0 || (m->free > m->training && bytes <= (m->free - m->training) / 2));
    m->features = s->keeps_features ? bytes : 0;
    m->training += m->features;
}

static enum status add_up(struct session_memory *m, struct error *err)
{
    const size_t part[] = {m->weights, m->gradients, m->moments, m->average, m->activations,
                           m->loaders, m->mirrored,  m->step,    m->figures, m->saving};

    m->training = 0;
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (__builtin_add_overflow(m->training, part[i], &m->training))
            return error_memory(err, SIZE_MAX, "what training takes");
    return STATUS_OK;
}

static enum status plan_memory(struct session *s, struct error *err)
{
    struct session_memory *m = &s->memory;
    const struct loader_options train = session_machine_train_loader_options(s);
    const struct loader_options val = session_machine_loader_options(s);
    const struct optimiser_options optimiser = recipe_optimiser(s->settings);

    s->image_side = loader_image_fit(&train).size;
    m->weights = s->summary.parameter_bytes;
    m->gradients = s->summary.gradient_bytes;
    m->moments = (size_t)optimiser_moments(&optimiser) * s->summary.gradient_bytes;
    m->average = s->settings->ema > 0 ? s->summary.parameter_bytes : 0;
    m->activations = s->summary.activation_bytes;
    m->loaders = loader_bytes(&train, s->train.n);
    if (s->val.data)
        m->loaders += loader_bytes(&val, s->val.n);
    if (s->val.data && s->settings->tta == TTA_FLIP)
        m->mirrored = evaluator_flip_bytes(s->settings->batch_size, s->settings->size);
    m->step = step_bytes(s);
    m->figures = trainer_figure_bytes(s->settings, dataset_classes(s->data)->n,
                                      dataset_size(s->data), s->train.n, s->val.n);
    m->saving = s->summary.parameter_bytes;
    if (add_up(m, err) != STATUS_OK)
        return err->status;
    m->program = resident_memory_bytes();
    m->free = free_memory_bytes();
    plan_features(s);
    m->train_images = (size_t)s->train.n * resized_image_bytes(s->image_side);
    m->images = m->train_images + (size_t)s->val.n * resized_image_bytes(s->settings->size);
    m->cache = cache_budget(s);
    m->peak = m->training + m->program + m->cache;
    return STATUS_OK;
}

enum status session_machine_check_memory(const struct session *s, struct error *err)
{
    const char *limit;
    size_t most = free_memory_most(&limit), least = s->memory.training - s->memory.training / 10;

    if (least <= most)
        return STATUS_OK;
    return error_set(err,
                     "out of memory: no %.1f MiB for training, as the limit on memory (%s) leaves "
                     "%.1f MiB; a smaller --batch-size or --size takes less",
                     (double)s->memory.training / (1 << 20), limit, (double)most / (1 << 20));
}

void session_machine_add_decoding(struct session *s, size_t bytes)
{
    struct session_memory *m = &s->memory;

    m->decoding = (size_t)s->workers * bytes;
    m->training += m->decoding;
    m->peak += m->decoding;
}

/* BatchNorm makes 0 of a single value, whatever it is. */
static enum status refuse_single_values(const struct session *s, struct error *err)
{
    int batch = s->settings->batch_size, rest = s->train.n % batch;
    int least = rest > 0 ? rest : batch < s->train.n ? batch : s->train.n;

    if (least > 1 || s->spec.norm.kind != NORM_BATCH || session_weights_norms_are_frozen(s))
        return STATUS_OK;
    for (int i = 0; i < s->summary.layers.n; i++) {
        const struct layer_row *row = &s->summary.layers.row[i];
        if (row->operation == LAYER_NORM && row->norm.kind == NORM_BATCH &&
            shape_pixels(row->out) == 1)
            return error_usage(err,
                               "%s of model %s, BatchNorm, would have one value for each channel "
                               "in %s of 1 image of %dx%d, and make 0 of it; another "
                               "--batch-size, a larger --size, --freeze-bn or a model with "
                               "GroupNorm helps",
                               row->name, s->spec.name, batch == 1 ? "a batch" : "the last batch",
                               s->settings->size, s->settings->size);
    }
    return STATUS_OK;
}

/* What activations would take if --activations were the other one; 0 where that cannot be counted.
 */
static void plan_other_activations(struct session *s)
{
    struct model_options options = session_machine_model_options(s);
    struct model_summary other;
    struct error ignored;

    options.keeps_halves = !options.keeps_halves;
    if (model_summarise(&other, &s->spec, &options, &ignored) == STATUS_OK) {
        s->memory.other_activations = other.activation_bytes;
        model_summary_free(&other);
    }
}

enum status session_machine_plan(struct session *s, struct error *err)
{
    const struct model_options options = session_machine_model_options(s);

    if (s->settings->freeze_bn && s->spec.norm.kind != NORM_BATCH)
        return error_usage(err, "--freeze-bn: model %s has no BatchNorm", s->spec.name);
    s->threads = s->settings->threads ? s->settings->threads : parallel_processors();
    s->workers = s->settings->workers ? s->settings->workers : default_workers(s->threads);
    /* Before the summary: each thread has scratch memory. */
    enum status status = parallel_start(s->threads, err);
    if (status != STATUS_OK || gemm_start(s->threads, err) != STATUS_OK)
        return err->status;
    if (model_summarise(&s->summary, &s->spec, &options, err) != STATUS_OK)
        return error_prefix(err, "model %s", s->spec.name);
    plan_other_activations(s);
    if (refuse_single_values(s, err) != STATUS_OK)
        return err->status;
    return plan_memory(s, err);
}

static enum status open_disk_cache(struct disk_cache **disk, const struct session *s,
                                   const struct loader_options *options, struct error *err)
{
    const struct image_fit fit = loader_image_fit(options);
    char *standard = NULL;
    enum status status =
        s->settings->cache_dir ? STATUS_OK : disk_cache_default_folder(&standard, err);

    if (status == STATUS_OK)
        status = disk_cache_open(disk, standard ? standard : s->settings->cache_dir, &fit,
                                 &options->limits, err);
    free(standard);
    return status;
}

static enum status make_disk_caches(struct session *s, struct error *err)
{
    const struct loader_options train = session_machine_train_loader_options(s);
    const struct loader_options val = session_machine_loader_options(s);
    const struct image_fit fit = loader_image_fit(&train), val_fit = loader_image_fit(&val);
    enum status status = open_disk_cache(&s->disk, s, &train, err);

    if (status == STATUS_OK)
        status = cache_create_on_disk(&s->cache, dataset_size(s->data), s->disk, err);
    if (status != STATUS_OK || !s->val.data)
        return status;
    if (!image_fit_equal(&fit, &val_fit))
        status = open_disk_cache(&s->val_disk, s, &val, err);
    if (status == STATUS_OK)
        status = cache_create_on_disk(&s->val_cache, dataset_size(s->val.data),
                                      s->val_disk ? s->val_disk : s->disk, err);
    return status;
}

/* Validation has a cache of its own even when both come from one table: its images may have
 * another side, and be whole where those are cropped. */
enum status session_machine_make_caches(struct session *s, struct error *err)
{
    const struct session_memory *m = &s->memory;

    if (s->settings->cache == CACHE_DISK && !s->cache)
        return make_disk_caches(s, err);
    if (m->cache == 0 || s->cache)
        return STATUS_OK;
    /* Training images come first; what they leave is for those of validation. */
    size_t train_budget = m->cache < m->train_images ? m->cache : m->train_images;
    enum status status =
        cache_create(&s->cache, dataset_size(s->data), s->image_side, train_budget, err);
    if (status == STATUS_OK && m->cache > train_budget)
        status = cache_create(&s->val_cache, dataset_size(s->val.data), s->settings->size,
                              m->cache - train_budget, err);
    return status;
}
