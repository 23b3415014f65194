/* A run small enough to be trained in a blink: 26 images of three classes, 32 pixels, a network
 * of two stages. The images exist only in the cache, so no decoder takes part. */
#ifndef TINY_RUN_H
#define TINY_RUN_H

#include "base/rng.h"
#include "data/cache.h"
#include "data/loader.h"
#include "nn/block_kinds.h"
#include "nn/model.h"
#include "run/files/checkpoint.h"
#include "run/files/model_file.h"
#include "run/train/trainer.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TINY_SIZE = 32, TINY_ROWS = 26, TINY_TRAIN = 20, TINY_BATCH = 6, TINY_EPOCHS = 3 };
enum { TINY_BATCHES = 4 /* of an epoch */, TINY_STEPS = TINY_BATCHES * TINY_EPOCHS };

#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct error must_err = {0};                                                               \
        struct error *err = &must_err;                                                             \
        if ((call) != STATUS_OK)                                                                   \
            fail_msg("%s: %s", #call, must_err.message);                                           \
    } while (0)

static inline struct model_spec tiny_spec(enum norm_kind norm)
{
    return (struct model_spec){
        .name = "tiny",
        .stem = {{.width = 8, .kernel = 3, .stride = 2, .padding = 1, .groups = 1}},
        .n_stem = 1,
        .pool = {.kernel = 3, .stride = 2, .padding = 1},
        .block = &block_basic,
        .stage = {{.blocks = 1, .width = 8, .stride = 1}, {.blocks = 1, .width = 16, .stride = 2}},
        .n_stages = 2,
        .norm = {norm, norm == NORM_GROUP ? 4 : 0, 1e-5, 0.1},
        .activation = KERNELS_RELU,
    };
}

struct tiny_run {
    struct settings settings;
    struct checkpoint_metadata metadata;
    struct dataset *data;
    struct cache *cache;
    struct model *model;
    struct loader *train, *val;
    int rows[TINY_ROWS]; /* the first TINY_TRAIN train, the others validate */
    struct run_folder *folder;
    volatile sig_atomic_t stop;
    struct trainer_inputs inputs;
    struct trainer *trainer;
};

/* Noise with a tint that tells the class: easy, but not at once. */
static inline void tiny_fill_cache(struct cache *cache, const struct dataset *data)
{
    enum { VALUES = TINY_SIZE * TINY_SIZE * 3 };
    struct resized_image *image = test_calloc(1, resized_image_bytes(TINY_SIZE));
    image->aspect = 1;
    for (int row = 0; row < TINY_ROWS; row++) {
        struct rng rng;
        rng_seed(&rng, 1, RNG_TEST, (uint64_t)row, 0);
        for (size_t i = 0; i < VALUES; i++) {
            bool tinted = (int)(i % 3) == dataset_sample(data, row)->label;
            image->rgb[i] = (uint8_t)(rng_below(&rng, 200) + (tinted ? 55 : 0));
        }
        cache_store(cache, row, image);
    }
    test_free(image);
}

static inline void tiny_make_data(struct tiny_run *r)
{
    const char *csv = scratch_path("photos.csv");
    FILE *f = fopen(csv, "w");
    assert_non_null(f);
    fputs("image,label\n", f);
    for (int i = 0; i < TINY_ROWS; i++) {
        r->rows[i] = i;
        fprintf(f, "p%d.png,%s\n", i, (const char *const[]){"red", "green", "blue"}[i % 3]);
    }
    assert_int_equal(fclose(f), 0);
    static char name[3][8] = {"red", "green", "blue"};
    static char *names[3] = {name[0], name[1], name[2]};
    const struct class_list classes = {names, 3};
    const struct dataset_options options = {.image_column = "image",
                                            .label_column = "label",
                                            .header = true,
                                            .delimiter = ',',
                                            .classes = &classes};
    MUST(dataset_load(&r->data, csv, &options, err));
    MUST(cache_create(&r->cache, TINY_ROWS, TINY_SIZE, SIZE_MAX, err));
    tiny_fill_cache(r->cache, r->data);
    MUST(class_list_copy(&r->metadata.classes, &classes, err));
}

/* Everything but folder and trainer, with steps of `accumulate` batches. */
static inline void tiny_create_cut(struct tiny_run *r, enum norm_kind norm, int batch_size,
                                   int accumulate, enum scope scope)
{
    *r = (struct tiny_run){0};
    MUST(settings_init(&r->settings, err));
    r->settings.batch_size = batch_size;
    r->settings.accumulate = accumulate;
    r->settings.scope = scope;
    r->settings.epochs = TINY_EPOCHS;
    r->settings.save_minutes = 0;
    tiny_make_data(r);

    const struct model_spec spec = tiny_spec(norm);
    MUST(model_file_text(&r->metadata.model, &spec, err));
    r->metadata.fit.size = TINY_SIZE;
    for (int c = 0; c < 3; c++)
        r->metadata.std[c] = 1;
    r->metadata.apply_exif = true;
    const struct model_options options = {
        .classes = 3, .size = TINY_SIZE, .max_batch = batch_size, .training = true};
    MUST(model_create(&r->model, &spec, &options, err));
    model_init(r->model, 7);

    struct loader_options load = {.fit = {.size = TINY_SIZE},
                                  .batch_size = batch_size,
                                  .std = {1, 1, 1},
                                  .shuffle = true,
                                  .seed = 7,
                                  .workers = 1,
                                  .reread = true,
                                  .limits = {.max_pixels = 4096}};
    MUST(loader_create(&r->train, r->data, r->rows, TINY_TRAIN, r->cache, &load, err));
    load.shuffle = false;
    MUST(loader_create(&r->val, r->data, r->rows + TINY_TRAIN, TINY_ROWS - TINY_TRAIN, r->cache,
                       &load, err));
    r->inputs = (struct trainer_inputs){
        .settings = &r->settings,
        .metadata = &r->metadata,
        .model = r->model,
        .train = r->train,
        .val = r->val,
        .train_data = r->data,
        .val_data = r->data,
        .train_rows = r->rows,
        .val_rows = r->rows + TINY_TRAIN,
        .n_train_rows = TINY_TRAIN,
        .n_val_rows = TINY_ROWS - TINY_TRAIN,
        .stop = &r->stop,
    };
}

static inline void tiny_create(struct tiny_run *r, enum norm_kind norm)
{
    tiny_create_cut(r, norm, TINY_BATCH, 1, SCOPE_BATCH);
}

static inline void tiny_destroy(struct tiny_run *r)
{
    trainer_destroy(r->trainer);
    run_folder_close(r->folder);
    loader_destroy(r->train);
    loader_destroy(r->val);
    cache_destroy(r->cache);
    dataset_destroy(r->data);
    model_destroy(r->model);
    checkpoint_metadata_free(&r->metadata);
    settings_free(&r->settings);
}

#endif
