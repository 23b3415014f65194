/* The trainer's own parts, shared by trainer.c (epochs), trainer_step.c (a batch),
 * trainer_select.c and trainer_backward.c (its gradient), trainer_update.c (weights) and
 * trainer_save.c (files). Of others only find_lr.c includes this, which takes steps without a run
 * around them. */
#ifndef RUN_TRAIN_TRAINER_INTERNAL_H
#define RUN_TRAIN_TRAINER_INTERNAL_H

#include "nn/clip.h"
#include "nn/ema.h"
#include "nn/gradient_sum.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"
#include "nn/temperature.h"
#include "run/files/run_state.h"
#include "run/files/val_predictions.h"
#include "run/train/calibration.h"
#include "run/train/evaluator.h"
#include "run/train/hard_examples.h"
#include "run/train/trainer_fingerprint.h"
#include "run/train/trainer_inputs.h"

enum { TRAINER_MOST_BLOCKS = 16, TRAINER_NOTES = 2 };

/* The images of the step under way, those of its micro-batches one behind the other. [capacity]
 * each, which is batch_size x accumulate. */
struct trainer_images {
    int capacity, n; /* n: through the network so far */
    int first;       /* of the last micro-batch */
    int *row, *predicted;
    int *position;    /* in the epoch */
    int *micro_batch; /* where that of the image begins */
    float *loss, *weight;
    float *dlogits; /* [capacity, classes]: of the loss; once selected, times the weight */
    double loss_sum;
    int *selected, n_selected; /* ascending */
    int *scratch;
};

/* What goes through the network once more; NULL unless scope step has several micro-batches. */
struct trainer_recompute {
    float *x, *dlogits;    /* [batch_size, size, size, 3] or features, [batch_size, classes] */
    int *place, *position; /* [batch_size] in the step, in the epoch */
    int *kept;             /* [batch_size] which of them could be read once more */
    int *all;              /* 0, 1, ... */
};

/* The best epoch's classifier where files are saved by time: until best.safetensors and its tables
 * are written. */
struct trainer_best {
    float *weight; /* [n_trained]; NULL: what is the best is written at once */
    bool is_due;   /* it is not in the files yet */
};

struct trainer {
    struct trainer_inputs in; /* borrowed */
    const struct settings *settings;
    struct param_list *params;
    struct optimiser optimiser;
    struct loss_options loss_options;
    struct aggregate_options aggregate; /* with k of the present epoch */
    double share;                       /* that k of the training images */
    struct gradient_sum gradient_sum;
    struct trainer_recompute recompute;
    struct schedule schedule;
    struct clip clip;
    struct ema ema;              /* weight NULL: off */
    struct evaluator *evaluator; /* NULL without validation, as is what metrics holds */
    struct metrics metrics;
    struct calibration calibration; /* of the last evaluation, as is predictions */
    struct val_predictions
        predictions; /* of the last evaluation, until it is known to be the best */
    struct hard_examples examples;
    double *class_selected; /* [classes] for a row of results.csv */
    struct run_state state;
    struct run_state_fingerprint fingerprint[TRAINER_MOST_FINGERPRINTS];
    struct run_state_block block[TRAINER_MOST_BLOCKS];
    struct run_state_note note[TRAINER_NOTES];
    struct run_state_content content; /* of state.safetensors: points to the four above */
    int n_batches, classes;
    bool restored, out_of_time;
    struct trainer_best best;
    bool not_finite;             /* that is why the last step failed */
    bool unreadable;             /* an image is, before anything of the step was done */
    double images_per_second;    /* smoothed; 0 before the first batch */
    double saved_at, counted_at; /* clock_seconds of the last save, of save_time */

    struct trainer_images step;
};

/* trainer_step.c: the next step of the epoch that the loader is in: batches, losses, selection,
 * backward, update, row and event. */
enum status trainer_step(struct trainer *t, struct error *err);
/* Logits of x, images or features, as the training loader gives. */
const float *trainer_forward(struct trainer *t, const float *x, int n, enum model_mode mode);

/* trainer_select.c */
void trainer_select_begin_epoch(struct trainer *t); /* k of the epoch in t->state */
/* Selects from the n images of t->step from first on: their weights, their gradients of the
 * logits times these, and their part of the step's figures. */
void trainer_select(struct trainer *t, struct trainer_batch *out, int first, int n);
void trainer_select_finish(struct trainer *t, const struct trainer_batch *b); /* next lambda */

/* trainer_backward.c */
enum status trainer_backward_create(struct trainer *t, struct error *err);
void trainer_backward_destroy(struct trainer *t);
/* Adds the gradient of the selected images of the last micro-batch, whose activations are there;
 * of those before it, which go through the network again. */
void trainer_backward_present(struct trainer *t);
enum status trainer_backward_rest(struct trainer *t, struct error *err);

/* trainer_update.c: the gradient in t->params becomes the step of the batch that *out tells of; its
 * norm is set. One that is not finite is an error, and changes no weight. */
enum status trainer_update_create(struct trainer *t, struct error *err);
void trainer_update_destroy(struct trainer *t);
double trainer_update_rate(const struct trainer *t, int batch); /* of the present epoch; from 0 */
enum status trainer_update(struct trainer *t, struct trainer_batch *out, struct error *err);
/* Puts the averaged weights in the place of the last ones, and back; nothing without --ema. */
void trainer_update_exchange(struct trainer *t);

/* trainer_save.c. Weights that are not finite are refused, so they never take the place of the last
 * good ones. */
void trainer_save_time(struct trainer *t); /* moves the time since the last call into the state */
void trainer_save_plan(struct trainer *t); /* what a state holds; once everything is created */
enum status trainer_save_state(struct trainer *t, struct error *err);
enum status trainer_save_last(struct trainer *t,
                              struct error *err); /* hard_examples.csv and the state, too */
/* An evaluation of the weights that are in the network, into t->metrics. When the best is saved at
 * once, val_predictions.csv is written meanwhile and waits for trainer_save_best. */
enum status trainer_save_evaluate(struct trainer *t, bool *stopped,
                                  const struct evaluator_events *events, struct error *err);
/* best.safetensors and the tables of the evaluation that chose it: now, or, where files are saved
 * by time, before the next state. */
enum status trainer_save_best(struct trainer *t, struct error *err);
/* Files are saved by time from here on, and not at each epoch's end: epochs of kept features take
 * milliseconds. */
enum status trainer_save_by_time(struct trainer *t, struct error *err);
void trainer_save_destroy(struct trainer *t);
/* Whether the end of an epoch is to save. */
bool trainer_save_due(const struct trainer *t);

#endif
