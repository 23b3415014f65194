/* What a trainer gets (from session_trainer_inputs) and what it tells on its way. */
#ifndef RUN_TRAIN_TRAINER_INPUTS_H
#define RUN_TRAIN_TRAINER_INPUTS_H

#include "data/dataset.h"
#include "data/loader.h"
#include "nn/model.h"
#include "nn/schedule.h"
#include "run/files/checkpoint.h"
#include "run/files/run_folder.h"
#include "run/settings/settings.h"
#include "run/train/metrics.h"

#include <signal.h>
#include <stdbool.h>

struct trainer_batch {                     /* after each step */
    int epoch, n_epochs, batch, n_batches; /* from 1 */
    int n, k, n_correct;
    double loss, mean_loss, learning_rate; /* loss: ATk; mean_loss: over the whole batch */
    double gradient_norm;                  /* before it is clipped */
    double threshold;                      /* the smallest loss that counts */
    double seconds, wait_seconds;          /* of the step, loader's wait included */
    double images_per_second;              /* smoothed */
    uint64_t n_saturated;                  /* model_saturated, since the program began */
};

struct trainer_epoch { /* after each epoch's evaluation */
    int epoch, n_epochs;
    double train_loss, train_mean_loss; /* over the epoch's batches, weighted by their samples */
    double train_accuracy, learning_rate;
    double selected; /* share of the training images that counted */
    double seconds;  /* evaluation included; time in which the run was interrupted is not */
    bool validated, is_best;
    int best_epoch;                   /* this one, if is_best; 0: none */
    const struct metrics *validation; /* borrowed during the call; NULL if not validated */
};

struct trainer_events { /* any may be NULL */
    void *context;
    void (*batch)(void *context, const struct trainer_batch *b);
    void (*evaluating)(void *context, int n_done, int n_total);
    void (*epoch)(void *context, const struct trainer_epoch *e);
};

/* Everything that a run needs, resolved and opened. All borrowed. */
struct trainer_inputs {
    const struct settings *settings;
    const struct checkpoint_metadata
        *metadata;              /* what the weights files will say about themselves */
    struct model *model;        /* initialised */
    struct loader *train, *val; /* val NULL: no evaluation */
    const struct dataset *train_data, *val_data; /* the same one after a split */
    const float *class_weight;                   /* [classes] in the training loss; NULL: all 1 */
    const int *train_rows, *val_rows;            /* what the loaders visit */
    int n_train_rows, n_val_rows;
    struct run_folder *folder;       /* NULL: for run/train/find_lr, which writes no run */
    const struct schedule *schedule; /* in place of the settings' own; NULL: that */
    const volatile sig_atomic_t
        *stop;    /* non-zero: finish the batch, save, return (the signal's number) */
    double began; /* of the program, by base/clock: from there --max-minutes counts */
    struct trainer_events events;
};

#endif
