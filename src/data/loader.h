/* Batches of normalised images, decoded ahead by threads.
 *
 * Which rows are in a batch depends on seed, epoch and batch size alone; so do the bytes. Three
 * batches of floats are held: the one lent out and two that are being made. */
#ifndef DATA_LOADER_H
#define DATA_LOADER_H

#include "base/error.h"
#include "data/augment.h"
#include "data/cache.h"
#include "data/colour_sums.h"
#include "data/dataset.h"
#include "data/image_traits.h"
#include "data/loader_values.h"
#include "image/image.h"
#include "image/image_fit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loader_options {
    struct image_fit fit; /* what the network sees when nothing is done to an image */
    int batch_size;       /* >= 1 */
    /* An image that cannot be read is told and left out of its batch; NULL: it ends the epoch.
     * Called by loader_next. */
    void (*bad)(void *context, int row, const char *message);
    void *bad_context;
    float mean[3], std[3]; /* x = (byte / 255 - mean) / std in float32, per channel R, G, B */
    bool shuffle;        /* a fresh order each epoch from (seed, epoch); else in the order given */
    int balance_classes; /* > 0: the data set's classes; an epoch draws evenly from them instead
                            (data/sampler), some rows often and others never */
    uint64_t seed;
    int workers;    /* decode threads, >= 1 */
    int image_side; /* of the images as they are decoded and cached, for augmentation to crop
                         from; 0: fit.size */
    bool reread;    /* loader_reread will be called */
    int n_values;   /* the most that loader_use_values will be given; 0: it is not called */
    const struct augment_options *augment; /* NULL: images as they are. Borrowed */
    struct image_limits limits;
};

struct batch {
    const float *x;      /* [n, size, size, 3], or [n, n_values] of loader_use_values */
    const int *label;    /* [n] */
    const int *row;      /* [n] rows of the data set */
    const int *position; /* [n] in the epoch, ascending */
    int n;               /* images */
    int places;          /* n, and what has been left out; 0: the epoch is over */
    int index;           /* batch number within the epoch, from 0 */
    double wait_seconds; /* how long loader_next had to wait for this batch */
};

struct loader;
/* What a cache for a loader holds. Random crops are taken from whole images: whatever opt->fit
 * says, these are kept squashed then. */
struct image_fit loader_image_fit(const struct loader_options *opt);
/* Bytes that loader_create will allocate for so many rows. */
size_t loader_bytes(const struct loader_options *opt, int n_rows);
/* rows [n_rows] (copied) are what an epoch visits. cache may be NULL; it outlives the loader, as
 * does the data set. */
enum status loader_create(struct loader **out, const struct dataset *d, const int *rows, int n_rows,
                          struct cache *cache, const struct loader_options *opt, struct error *err);
int loader_batches(const struct loader *l); /* per epoch; the last one may be smaller */
/* Starts an epoch (from 0) at a batch (0, or where a resumed run stopped, up to loader_batches),
 * ending one that is under way. Batches lent out before are gone. */
enum status loader_start(struct loader *l, int epoch, int first_batch, struct error *err);
/* The next batch, borrowed until the next call. Unless options.bad is told of it, an image that
 * cannot be read ends the epoch: at the batch that it is in, with an error that names it (the first
 * such image of the batch) and that every further call repeats. After a signal it does not wait
 * for long (data/pipeline_watch): an error that names an image that is being read. */
enum status loader_next(struct loader *l, struct batch *out, struct error *err);
/* The images at *n positions of the present epoch (0: the first image of its first batch) once
 * more, as they were given, into x [*n, size, size, 3]; *n <= batch_size. On the threads that
 * compute. Batches lent out stay. An image that has gone since is an error, or, where options.bad
 * is told of it, left out: kept [*n] says which of the positions are in x, ascending, and *n how
 * many. */
enum status loader_reread(struct loader *l, float *x, const int *position, int *n, int *kept,
                          struct error *err);
/* Whether one is at that now: it waits for files however long they take. A signal's handler may
 * ask. */
bool loader_rereads(void);
/* From the next loader_start on x of a batch is [n, n_values]: of each sample the values of its row
 * in the view that augmentation, which does nothing but mirror, draws for the image. Rows, labels
 * and order stay; nothing is decoded, and no thread but the caller's works. */
void loader_use_values(struct loader *l, const struct loader_values *values);
/* NULL: images. Borrowed. */
const struct loader_values *loader_values(const struct loader *l);
void loader_destroy(struct loader *l); /* NULL is fine; ends the threads */

/* Decodes each of rows once with `workers` threads, filling the cache, and reports what cannot be
 * read: bad(context, row, message) is called from the calling thread in ascending position order,
 * done(context, n_done, n_rows) after each row; either may be NULL. Only
 * running out of memory or threads is an error. *stop, when not NULL, ends it early. Of opt, fit,
 * image_side, augment, workers and limits are used. *sums, when not NULL, gets the images that
 * can be read added, as resized and without bars; without a meaning after a stop. traits [rows of
 * the data set], when not NULL, gets those of the images that can be read. */
struct loader_check {
    void *context;
    void (*bad)(void *context, int row, const char *message);
    void (*done)(void *context, int n_done, int n_rows);
    const volatile int *stop;
    struct colour_sums *sums;
    struct image_traits *traits;
};
enum status loader_check_images(const struct dataset *d, const int *rows, int n_rows,
                                struct cache *cache, const struct loader_options *opt,
                                const struct loader_check *check, struct error *err);

#endif
