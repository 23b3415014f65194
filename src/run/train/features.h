/* Features: what the network without its classifier makes of each image of some rows, computed once
 * for a run that trains the classifier alone; for each view that mirroring can give.
 *
 * They are kept in memory, and in a file that later runs share (data/disk_cache, one file for each
 * features_key). There a record's key joins the image's (its path, size and time stamp), the view
 * and the features_key, and a checksum covers key and content: what belongs to other weights,
 * another size or another image, or is damaged, is not found, and is computed. */
#ifndef RUN_TRAIN_FEATURES_H
#define RUN_TRAIN_FEATURES_H

#include "base/error.h"
#include "data/disk_cache.h"
#include "data/loader.h"
#include "nn/model.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What the bits of features depend on beside the image and its view: the frozen weights, the
 * network (text of its model file), how the pixels are made, kernels, BLAS and the methods of the
 * convolutions, and this program's version. Any change of one is another key. */
struct image_key features_key(struct model *model, const struct model_summary *summary,
                              const char *text, const struct loader_options *images);
/* NULL folder: the user's cache folder, "features" in it. Fails where there is none, or where
 * nothing can be written. */
enum status features_open_file(struct disk_cache **out, const char *folder,
                               const struct image_key *key, int n_values, struct error *err);

struct features {
    float *value;                /* owned, as is place */
    int *place;                  /* [rows of the data set]; negative: none */
    struct loader_values values; /* of the two, for loader_use_values */
    int n_found;                 /* images that the file had, in all their views */
};

struct features_input {
    struct model *model;
    const struct dataset *data;
    const int *row; /* [n] */
    int n;
    bool view[LOADER_VIEWS];      /* those that are wanted; at least one */
    struct cache *cache;          /* of resized images; may be NULL */
    struct loader_options images; /* neither shuffled nor augmented; with `bad` an image that
                                     cannot be read is told, and has no place */
    struct disk_cache *file;      /* NULL: none */
    struct image_key key;
};

struct features_events { /* any may be NULL */
    void *context;
    void (*progress)(void *context, int n_done); /* images */
    const volatile sig_atomic_t *stop;           /* non-zero: return soon, with STATUS_OK */
};

/* What features_compute takes for good; and while it works. */
size_t features_bytes(int n_table, int n_rows, int n_views, int n_values);
size_t features_working_bytes(const struct loader_options *images, int n_rows, int n_values);
/* An image that cannot be read is an error that names it, unless images.bad is told. After a stop
 * *out is not complete. Freed by the caller in any case. */
enum status features_compute(struct features *out, const struct features_input *in,
                             const struct features_events *events, struct error *err);
void features_free(struct features *f); /* a zeroed one is fine */

#endif
