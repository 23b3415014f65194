/* The training loop: joins data and network. Prints nothing; tells what happens through struct
 * trainer_events. */
#ifndef RUN_TRAINER_H
#define RUN_TRAINER_H

#include "base/error.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/metrics.h"
#include "run/run_folder.h"
#include "run/settings.h"

#include <signal.h>

struct trainer_batch {                     /* after each step */
    int epoch, n_epochs, batch, n_batches; /* from 1 */
    int n, k, n_correct;
    double loss, mean_loss, learning_rate; /* loss: ATk; mean_loss: over the whole batch */
    double seconds, wait_seconds;          /* of the step, loader's wait included */
    double images_per_second;              /* smoothed */
};

struct trainer_epoch { /* after each epoch's evaluation */
    int epoch, n_epochs;
    double train_loss, train_mean_loss, train_accuracy, learning_rate, seconds;
    bool validated, is_best;
    struct metrics validation; /* borrowed */
};

struct trainer_events { /* any may be NULL */
    void *context;
    void (*batch)(void *context, const struct trainer_batch *b);
    void (*evaluating)(void *context, int n_done, int n_total);
    void (*epoch)(void *context, const struct trainer_epoch *e);
};

/* Everything that a run needs, resolved and opened by the caller (cli/atk_train via run/session).
 * All borrowed. */
struct trainer_inputs {
    const struct settings *settings;
    struct model *model;
    struct loader *train, *val; /* val NULL: no evaluation */
    const struct dataset *train_data, *val_data;
    const int *val_rows;
    int n_val_rows;
    struct run_folder *folder;
    const volatile sig_atomic_t
        *stop; /* non-zero: finish the batch, save, return (the signal's number) */
    struct trainer_events events;
};

struct trainer;
enum status trainer_create(struct trainer **out, const struct trainer_inputs *in,
                           struct error *err);
/* Continues from the folder's state.safetensors. */
enum status trainer_restore(struct trainer *t, struct error *err);
/* Runs to the last epoch or until *stop; *interrupted tells which. State and weights are saved in
 * both cases. */
enum status trainer_run(struct trainer *t, bool *interrupted, struct error *err);
/* Best and last validation figures for summary.json and --json. */
struct trainer_result {
    int epochs_done, best_epoch; /* best_epoch 0: none */
    double best_accuracy, best_mean_loss, last_accuracy, last_mean_loss, last_train_loss, seconds;
};
const struct trainer_result *trainer_result(const struct trainer *t);
void trainer_destroy(struct trainer *t);

#endif
