/* From settings to everything that a training run needs, in three steps:
 *   session_load   reads tables and network description, makes the split, plans memory; cheap
 *   session_check  decodes every picture (also fills the cache) and drops or refuses bad ones
 *   session_open   allocates network and loaders and makes, or reopens, the run folder
 * --dry-run takes the first two (and run/train/dry_run), --find-lr all three, the last without a
 * run folder and without what validates. Until session_open nothing is written. Prints nothing:
 * what a user should hear about is in the fields. */
#ifndef RUN_TRAIN_SESSION_H
#define RUN_TRAIN_SESSION_H

#include "base/error.h"
#include "data/cache.h"
#include "data/dataset.h"
#include "data/disk_cache.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/files/checkpoint.h"
#include "run/files/run_folder.h"
#include "run/settings/settings.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* One side of the data: rows of a table that are trained on or validated with. */
struct session_rows {
    const struct dataset *data; /* NULL: no validation */
    int *row;                   /* [n] ascending */
    int n;
    int *count; /* [classes] pictures of each class */
};

struct session_bad_image {
    const struct dataset *data;
    int row;
    char *message; /* "train.csv:17: photos/x.jpg: ..." */
};

struct session_memory { /* bytes */
    size_t weights, gradients, moments, activations, loaders;
    size_t average;        /* of --ema */
    size_t mirrored;       /* of --tta flip */
    size_t step;           /* of --accumulate */
    size_t saving;         /* weights in the layout of the file */
    size_t training;       /* all of these */
    size_t program;        /* the process itself: code, libraries, tables read so far */
    size_t free;           /* what the process may take now; 0: unknown */
    size_t pictures;       /* all resized pictures */
    size_t train_pictures; /* those of them that are trained on */
    size_t cache;          /* what the cache may hold; 0: no cache */
    size_t peak;           /* of the process's resident memory: training, program and cache.
                              (Pages of a disk cache are the kernel's, which takes them back.) */
};

struct session {
    const struct settings *settings; /* = &resolved */
    struct settings resolved; /* the caller's, whose texts are borrowed; mean and std that are to be
                                 found in the data are numbers after session_check */

    /* after session_load */
    struct dataset *data, *val_data; /* val_data: of --val alone */
    struct session_rows train, val;
    float *class_weight;             /* [classes] of --class-weights; NULL: none */
    int n_singletons, n_unvalidated; /* classes, as struct split counts them */
    int n_shared, first_shared_line; /* rows of --val whose picture is also trained on */
    struct model_spec spec;
    struct model_summary summary;
    struct session_memory memory;
    int threads, workers;
    int picture_side; /* of training pictures as kept; those of validation have settings->size */

    /* after session_check */
    struct session_bad_image *bad;
    size_t n_bad, bad_capacity;

    /* after session_open */
    /* Of --cache disk; val_disk when validation pictures have another side. Made, like the caches,
     * by session_check when it is called. */
    struct disk_cache *disk, *val_disk;
    struct cache *cache, *val_cache; /* of training, of validation */
    struct model *model;
    struct loader *train_loader, *val_loader; /* val_loader NULL: no validation */
    struct run_folder *folder;
    struct checkpoint_card card;
    struct checkpoint_report weights; /* of --weights */
};

/* *s is closed by the caller in any case, as with the next two. */
enum status session_load(struct session *s, const struct settings *settings, struct error *err);

struct session_events { /* any may be NULL */
    void *context;
    void (*bad)(void *context, const struct session_bad_image *image);
    void (*done)(void *context, int n_done, int n_total);
    const volatile sig_atomic_t *stop; /* non-zero: return soon, with STATUS_OK */
};
/* Whether training must be preceded by session_check: when bad pictures are to be skipped, when
 * mean and std are to be found in the pictures, or when the pictures stay in memory afterwards and
 * so are not read in vain. */
bool session_wants_check(const struct session *s);
/* Bad pictures are listed and taken out of the rows. That there are any is not an error here; that
 * no training picture is left is. */
enum status session_check(struct session *s, const struct session_events *events,
                          struct error *err);
/* Without session_check: at least every file is there and can be opened. */
enum status session_check_files(const struct session *s, struct error *err);

/* Starts the threads. A new run's folder gets args.yaml, model.yaml, classes.txt, split.csv (unless
 * --val), bad_images.csv (if there are any) and the first batches as pictures. A resumed run takes
 * its network from its own model.yaml. */
enum status session_open(struct session *s, struct error *err);
/* train_loader alone, which session_open does as well; once. */
enum status session_open_train_loader(struct session *s, struct error *err);
/* args.yaml again: a resumed run may have got more epochs. Once its state has been accepted. */
enum status session_save_settings(const struct session *s, struct error *err);
void session_close(struct session *s); /* a zeroed one is fine */

const struct class_list *session_classes(const struct session *s);

#endif
