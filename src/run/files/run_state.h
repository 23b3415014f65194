/* state.safetensors: everything that decides the next step of a run, for an exact resume.
 *
 * Tensors: "weights" F32 [n_trained], in the order and layout of the parameter table in memory
 * (they are for this program alone, and so need no second copy to be written); "buffer.NAME" F32
 * and "counter.NAME" I64 for running statistics; one I64 or F64 scalar for each field of struct
 * run_state, so that no digit is lost in decimal text; and the blocks of those who carry something
 * from step to step (the optimiser's moments). Metadata: one line for each fingerprint that must
 * not change between the parts of a run, and for each note of what the bits also depend on. There
 * is no generator's state: every random number comes from (seed, purpose, epoch, sample). */
#ifndef RUN_FILES_RUN_STATE_H
#define RUN_FILES_RUN_STATE_H

#include "base/error.h"
#include "nn/param.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the best and of the last epoch's weights (run/train/calibration); errors NaN: none. */
struct run_state_calibration {
    double temperature, error, error_calibrated;
};
enum { RUN_STATE_BEST, RUN_STATE_LAST, RUN_STATE_N_CALIBRATIONS };
enum { RUN_STATE_CALIBRATION_NUMBERS = 3 * RUN_STATE_N_CALIBRATIONS };

/* Plain. Epochs and batches count from 0 here. */
struct run_state {
    int64_t epoch, next_batch; /* next_batch = batches of the epoch: its evaluation is due */
    /* of the unfinished epoch */
    int64_t images, correct;
    double loss_sum, mean_loss_sum; /* each batch's figure x its images */
    double epoch_seconds;
    double lambda; /* scope dataset: of the next step; NaN: not begun */
    /* of the run */
    double seconds;
    int64_t best_epoch; /* from 1; 0: none */
    double best_accuracy, best_balanced_accuracy, best_macro_f1, best_mean_loss;
    double last_accuracy, last_balanced_accuracy, last_macro_f1, last_mean_loss, last_train_loss;
    int64_t batches_bytes, results_bytes; /* lengths of the two tables */
    int64_t batches_hash, results_hash;   /* of their bytes; 0: a state of before 2026-11-29 */
    struct run_state_calibration
        calibration[RUN_STATE_N_CALIBRATIONS]; /* a block of the trainer's */
};

/* "seed" = "7": what must be the same when the run goes on. */
struct run_state_fingerprint {
    const char *name;
    char value[160];
};

/* "kernels" = "v4": what is recorded and may be another when the run goes on. */
struct run_state_note {
    const char *name, *value;
    char before[96]; /* of the state that was read; "": it does not say */
};

/* An array or scalar that somebody else owns and that decides the next step. */
struct run_state_block {
    const char *name, *dtype; /* "optimiser.m"; "F32", "I64" or "F64" */
    void *data;
    int64_t count; /* elements; RUN_STATE_SCALAR: one, without a dimension */
    bool optional; /* a state that lacks it, of an earlier version, leaves it as it is */
};
enum { RUN_STATE_SCALAR = -1 };

/* What is written and read back into the same places. All borrowed. */
struct run_state_content {
    struct run_state *state;
    struct param_list *params;
    const struct run_state_block *block;
    int n_blocks;
    const struct run_state_fingerprint *fingerprint;
    int n_fingerprints;
    struct run_state_note *note;
    int n_notes;
};

/* Atomic. */
enum status run_state_write(const char *path, const struct run_state_content *content,
                            struct error *err);
/* Fills note[].before. Nothing else is changed on failure. A fingerprint that differs is an error
 * that names it and both values, and so is a value that no run can have written. */
enum status run_state_read(const struct run_state_content *content, const char *path,
                           struct error *err);

#endif
