/* struct session: what run/train/session has made of the settings. */
#ifndef RUN_TRAIN_SESSION_FIELDS_H
#define RUN_TRAIN_SESSION_FIELDS_H

#include "data/cache.h"
#include "data/dataset.h"
#include "data/disk_cache.h"
#include "data/findings.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/files/checkpoint.h"
#include "run/files/run_folder.h"
#include "run/settings/settings.h"
#include "run/train/features.h"

#include <stddef.h>

/* One side of the data: rows of a table that are trained on or validated with. */
struct session_rows {
    const struct dataset *data; /* NULL: no validation */
    int *row;                   /* [n] ascending */
    int n;
    int *count; /* [classes] images of each class */
};

/* Labels that are numbers of the classes that --classes lists. */
struct session_labels {
    bool are_numbers;
    int first_number; /* of the first class */
};

struct session_bad_image {
    const struct dataset *data;
    int row;
    char *message; /* "train.csv:17: photos/x.jpg: ..." */
};

struct session_memory { /* bytes */
    size_t weights, gradients, moments, activations, loaders;
    size_t other_activations; /* with the other --activations; 0: not known */
    size_t decoding;          /* images while they are decoded; 0 before session_check */
    size_t average;           /* of --ema */
    size_t mirrored;          /* of --tta flip */
    size_t step;              /* of --accumulate */
    size_t figures;           /* losses, gradients of logits, counts: of images and classes */
    size_t features;          /* of --train head: kept ones, and their computation */
    size_t saving;            /* weights in the layout of the file */
    size_t training;          /* all of these */
    size_t program;           /* the process itself: code, libraries, tables read so far */
    size_t free;              /* what the process may take now; 0: unknown */
    size_t images;            /* all resized images */
    size_t train_images;      /* those of them that are trained on */
    size_t cache;             /* what the cache may hold; 0: no cache */
    size_t peak;              /* of the process's resident memory: training, program and cache.
                                 (Pages of a disk cache are the kernel's, which takes them back.) */
};

/* A setting of images that the file of --weights says something about. */
struct session_taken {
    const struct setting *item;
    bool is_taken;                  /* false: the user has given another value */
    char text[SETTINGS_TEXT_BYTES]; /* of the file */
};
enum { SESSION_MOST_TAKEN = 7 };

struct session_weights_file {
    char *path;    /* NULL: no --weights, or a resumed run */
    int n_classes; /* 0: it does not say */
    struct session_taken taken[SESSION_MOST_TAKEN];
    int n_taken;
    bool has_network; /* spec is the file's: as the text of a model file, or by name */
    bool has_model_text;
    char *model; /* the name */
    bool is_folded;
};

struct session {
    const struct settings *settings; /* = &resolved */
    struct settings resolved; /* the caller's, whose texts are borrowed; with what the weights file
                                 says of images; mean and std that are to be found in the data are
                                 numbers after session_check */

    struct session_labels labels;

    /* after session_load */
    struct session_weights_file weights_file;
    struct dataset *data, *val_data; /* val_data: of --val alone */
    struct session_rows train, val;
    float *class_weight;             /* [classes] of --class-weights; NULL: none */
    int n_singletons, n_unvalidated; /* classes, as struct split counts them */
    struct model_spec spec;
    struct model_summary summary;
    struct session_memory memory;
    int threads, workers;
    bool keeps_features; /* they are computed once, in place of each epoch */
    int image_side;      /* of training images as kept; those of validation have settings->size */

    /* after session_check or session_check_files */
    struct findings findings;
    bool images_are_checked; /* false: the findings are those of the tables alone */

    /* after session_check */
    struct session_bad_image *bad;
    size_t n_bad, bad_capacity;

    /* those that go bad later, once each: see run/train/session_bad */
    void (*tell_late)(void *context, const struct session_bad_image *image); /* NULL: nobody */
    void *tell_late_context;
    size_t n_late;
    unsigned char *known_bad, *known_bad_val; /* [dataset_size] of data, of val_data; or NULL */

    /* after session_open */
    /* Of --cache disk; val_disk when validation images have another side. Made, like the caches,
     * by session_check when it is called. */
    struct disk_cache *disk, *val_disk;
    struct cache *cache, *val_cache; /* of training, of validation */
    struct model *model;
    struct loader *train_loader, *val_loader; /* val_loader NULL: no validation */
    struct run_folder *folder;
    int64_t *train_stamp, *val_stamp; /* [n] of the rows; NULL: not looked at yet */
    const char *largest_file;         /* path of an image; borrowed from the data set */
    int64_t largest_bytes;
    int n_replaced; /* images of a resumed run whose size or time of change is another */
    const char *first_replaced; /* path of the first one; borrowed from the data set */

    /* after session_features_compute */
    struct features train_features, val_features;
    struct disk_cache *features_file; /* NULL: none */
    struct error features_trouble;    /* why they are not kept in it, or STATUS_OK */

    struct checkpoint_metadata metadata;
    struct checkpoint_report weights; /* of --weights */
};

#endif
