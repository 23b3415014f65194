/* struct settings: a field for each row of the table in run/settings/settings_table.
 *
 * Paths mean what they mean on the command line, in a file too: relative to the working directory.
 * So a value can move between command line, config file and args.yaml without changing. */
#ifndef RUN_SETTINGS_SETTINGS_FIELDS_H
#define RUN_SETTINGS_SETTINGS_FIELDS_H

#include "data/augment.h"
#include "image/image.h"
#include "image/image_fit.h"
#include "nn/aggregate.h"
#include "nn/k_schedule.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"

#include <stdbool.h>
#include <stdint.h>

enum cache_mode { CACHE_AUTO, CACHE_NONE, CACHE_MEMORY, CACHE_DISK };
enum cache_features { CACHE_FEATURES_AUTO, CACHE_FEATURES_OFF };
enum bad_image_policy { BAD_IMAGE_FAIL, BAD_IMAGE_SKIP };
enum backward_pass { BACKWARD_SELECTED, BACKWARD_FULL };
enum activations { ACTIVATIONS_FLOAT, ACTIVATIONS_HALF };
enum augment_set { AUGMENT_NONE, AUGMENT_LIGHT, AUGMENT_STANDARD, AUGMENT_STRONG };
enum exif_policy { EXIF_APPLY, EXIF_IGNORE };
enum monitor { MONITOR_ACCURACY, MONITOR_BALANCED_ACCURACY, MONITOR_LOSS };
enum decay_norm_bias { DECAY_NORM_BIAS_YES, DECAY_NORM_BIAS_NO };
enum scope { SCOPE_BATCH, SCOPE_STEP, SCOPE_DATASET };
enum sampler_choice { SAMPLER_SHUFFLE, SAMPLER_BALANCED };
enum tta { TTA_NONE, TTA_FLIP };
enum save_dtype { SAVE_DTYPE_F32, SAVE_DTYPE_F16 };
enum { SETTINGS_MOST = 192 /* rows of the table */ };

/* A number for each channel. from_data: still to be found in the training images (the session
 * does that); value is then without meaning. */
struct setting_rgb {
    float value[3];
    bool from_data;
};

enum { SETTING_MOST_INTS = 8 };
struct setting_ints { /* ascending */
    int n, value[SETTING_MOST_INTS];
};

struct settings {
    /* data */
    char *data; /* the CSV: the command's argument */
    char *images, *image_column, *label_column, *val, *classes;
    bool no_header;
    char delimiter;
    double val_split;
    /* images */
    int size;
    enum image_fit_resize resize;
    enum image_fit_interpolation interpolation;
    double crop_fraction;
    struct setting_rgb mean, std;
    enum exif_policy exif;
    enum image_jpeg_scale jpeg_scale;
    enum bad_image_policy on_bad_image;
    int64_t max_pixels;
    enum tta tta;
    /* augmentation */
    enum augment_set augment; /* what settings were set together at first; `views` is what counts */
    struct augment_options views;
    double cache_scale; /* 0: found by the program */
    /* network, loss */
    char *model, *weights, *train; /* train: as struct model_options */
    bool freeze_bn;
    int unfreeze_epoch; /* from 1; 0: never */
    enum conv2d_choice conv;
    enum backward_pass backward;
    enum activations activations; /* as they are kept for backward */
    enum loss_kind loss;
    enum aggregate_kind aggregate;
    struct atk_k k, drop_largest;
    enum scope scope; /* of which set the k largest are taken */
    enum k_schedule_kind k_schedule;
    struct atk_k k_start, k_end; /* without a text: all; k */
    int k_warmup;                /* epochs */
    struct setting_ints k_steps; /* epochs */
    int accumulate;              /* batches in a step */
    char *class_weights;         /* "none", "balanced" or a file */
    double label_smoothing;
    int batch_size, epochs;
    enum sampler_choice sampler;
    int64_t seed; /* >= 0 */
    /* optimiser */
    enum optimiser_kind optimizer;
    double beta1, beta2, epsilon, momentum, weight_decay;
    bool nesterov;
    enum decay_norm_bias decay_norm_bias;
    double clip_grad, ema; /* 0: off */
    /* learning rate */
    double learning_rate, backbone_lr_factor, warmup_epochs, lr_min, lr_gamma, lr_power;
    enum schedule_kind lr_schedule;
    struct setting_ints lr_steps; /* epochs */
    /* stopping and keeping */
    enum monitor monitor;
    int early_stop;     /* epochs; 0: off */
    double max_minutes; /* 0: no limit */
    /* machine */
    int threads, workers; /* 0: found by the program */
    enum cache_mode cache;
    int64_t cache_mib; /* 0: found by the program */
    enum cache_features cache_features;
    char *cache_dir; /* NULL: the user's cache folder */
    /* run */
    char *config, *out, *resume; /* YAML to read; run folder to create; run folder to continue */
    double save_minutes;         /* 0: at the end of epochs only */
    enum save_dtype save_dtype;  /* of weights files */
    int log_every;               /* batches; 0: each one, or a bar on a terminal */
    bool no_report;
    bool quiet, json, dry_run, find_lr, strict;

    bool given[SETTINGS_MOST]; /* by row: set since settings_init (settings_given) */
};

#endif
