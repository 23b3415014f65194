/* A loader over the images of image_set.h, and what an epoch of it delivers. */
#ifndef LOADER_FIXTURE_H
#define LOADER_FIXTURE_H

#include "data/loader.h"

#include "data/image_set.h"

enum { VALUES = IMAGE_SIZE * IMAGE_SIZE * 3 };

static struct error err;

static inline struct loader_options options(int batch_size, int workers)
{
    return (struct loader_options){
        .fit = {.size = IMAGE_SIZE},
        .batch_size = batch_size,
        .std = {1, 1, 1},
        .shuffle = true,
        .seed = 5,
        .workers = workers,
        .limits = {.max_pixels = 100000},
    };
}

/* A loader over all rows. */
static inline struct loader *create(const struct dataset *d, struct cache *cache,
                                    const struct loader_options *opt)
{
    struct loader *l;
    int rows[N_IMAGES];
    for (int i = 0; i < N_IMAGES; i++)
        rows[i] = i;
    if (loader_create(&l, d, rows, N_IMAGES, cache, opt, &err))
        fail_msg("%s", err.message);
    return l;
}

/* What an epoch delivered, batches put end to end. */
struct epoch {
    int n, row[N_IMAGES], label[N_IMAGES];
    float x[N_IMAGES * VALUES];
};

static inline void run_epoch(struct epoch *out, struct loader *l, int epoch, int first_batch)
{
    struct batch b;
    int index = first_batch;
    memset(out, 0, sizeof *out);
    assert_int_equal(loader_start(l, epoch, first_batch, &err), STATUS_OK);
    for (;;) {
        if (loader_next(l, &b, &err))
            fail_msg("%s", err.message);
        if (b.n == 0)
            break;
        assert_int_equal(b.index, index++);
        assert_true(b.wait_seconds >= 0);
        memcpy(out->row + out->n, b.row, (size_t)b.n * sizeof(int));
        memcpy(out->label + out->n, b.label, (size_t)b.n * sizeof(int));
        memcpy(out->x + out->n * VALUES, b.x, (size_t)b.n * VALUES * sizeof(float));
        out->n += b.n;
    }
    assert_int_equal(index, loader_batches(l));
}

static const struct augment_options strong = {.hflip = 0.5,
                                              .vflip = 0.5,
                                              .crop_scale = {0.3, 1},
                                              .crop_ratio = {0.75, 4 / 3.0},
                                              .rotate = 20,
                                              .brightness = 0.4,
                                              .contrast = 0.4,
                                              .saturation = 0.4,
                                              .hue = 0.1,
                                              .erase = 0.5};

/* All augmentation at once, from larger squares, drawn evenly from the classes. */
static inline struct loader_options all_options(int batch_size, int workers)
{
    struct loader_options opt = options(batch_size, workers);
    opt.augment = &strong;
    opt.image_side = IMAGE_SIZE + 5;
    opt.balance_classes = 3;
    return opt;
}

#endif
