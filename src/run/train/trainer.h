/* The training loop: joins data and network. Prints nothing; tells what happens through struct
 * trainer_events.
 *
 * What it writes into the run folder: a row of batches.csv after each step, a row of results.csv
 * after each epoch, last.safetensors, hard_examples.csv and state.safetensors at each epoch's end
 * and when it is stopped, state.safetensors also at the start and every save_minutes. Whenever an
 * epoch is the best so far (run/train/monitor) also best.safetensors, confusion_matrix.csv,
 * per_class.csv and val_predictions.csv, which therefore belong together. When the training loader
 * gives features in place of images (loader_use_values), the weights, the best ones with their
 * tables, hard_examples.csv and the state are saved every few seconds of epochs and at the end or
 * stop, not at each epoch. Without validation nothing chooses a best epoch, and these four files do
 * not exist.
 *
 * With --ema what is evaluated, and saved in both *.safetensors of weights, is the average; the
 * state keeps it beside the weights that are trained.
 *
 * A run that is stopped or killed at any instant and restored gives the bytes of one that was not:
 * all files, but for the columns of the two tables that a clock decides.
 */
#ifndef RUN_TRAIN_TRAINER_H
#define RUN_TRAIN_TRAINER_H

#include "base/error.h"
#include "run/files/run_state.h"
#include "run/train/trainer_inputs.h"

#include <stdbool.h>
#include <stddef.h>

struct trainer;
enum status trainer_create(struct trainer **out, const struct trainer_inputs *in,
                           struct error *err);
/* Of what create takes: losses, gradients of the logits, predictions and counts of images and
 * classes, when n_train of the n_table rows of a table are trained on. (The rest is what network,
 * optimiser and images take.) */
size_t trainer_figure_bytes(const struct settings *s, int classes, int n_table, int n_train,
                            int n_val);
/* Continues from the folder's state.safetensors: weights, moments, position, and the tables cut to
 * the rows that belong to it. Refused when something that decides the result has changed since:
 * data, split, seed, network, loss, optimiser, images. */
enum status trainer_restore(struct trainer *t, struct error *err);
/* What computes (kernels, BLAS) and was another, `before`, when the state that was restored was
 * saved: from here on the bits are no longer those of an uninterrupted run. NULL: the i-th, from 0,
 * does not exist. */
const struct run_state_note *trainer_change(const struct trainer *t, int i);
/* Path of the first of the best epoch's files that is not in the folder of the restored run though
 * there was such an epoch; NULL: all are. Borrowed from the folder. */
const char *trainer_missing_file(const struct trainer *t);
/* Runs to the run's end (its last epoch, or --early-stop), or is interrupted before: by *stop or by
 * --max-minutes, but not before one batch is done. State and weights are saved in each case. When
 * time is up in an evaluation, it is brought to its end. A loss or a gradient that
 * is not finite ends the run before the weights are changed (the message
 * names the batch's files), and the last saved state stays. */
enum status trainer_run(struct trainer *t, bool *interrupted, struct error *err);

/* Where a run stands. */
enum trainer_end {
    TRAINER_FINISHED,      /* all epochs are done */
    TRAINER_STOPPED_EARLY, /* --early-stop */
    TRAINER_OUT_OF_TIME,   /* --max-minutes; a resume goes on, as behind the next */
    TRAINER_INTERRUPTED
};

/* Best and last figures for summary.json and --json; NaN for what there is none of. */
struct trainer_result {
    enum trainer_end end;
    int epochs_done, best_epoch; /* best_epoch from 1; 0: none */
    double best_accuracy, best_balanced_accuracy, best_macro_f1, best_mean_loss;
    double last_accuracy, last_balanced_accuracy, last_macro_f1, last_mean_loss, last_train_loss;
    struct run_state_calibration best_calibration, last_calibration;
    double seconds; /* in all, over every part of a resumed run */
};
struct trainer_result trainer_result(const struct trainer *t);
void trainer_destroy(struct trainer *t); /* NULL is fine */

#endif
