/* The learning-rate range test (L. N. Smith, "Cyclical Learning Rates for Training Neural
 * Networks", 2015): a few hundred of the trainer's own steps, with the loss, the optimiser, the
 * augmentation and everything else that the settings say, while the learning rate grows. Which
 * weights it began with it does not bring back: the model is used up.
 *
 * No run comes of it. The curve goes into lr_finder.csv in a folder of its own
 * (run/files/side_folder, "find-lr"). */
#ifndef RUN_TRAIN_FIND_LR_H
#define RUN_TRAIN_FIND_LR_H

#include "base/error.h"
#include "run/train/lr_curve.h"
#include "run/train/trainer_inputs.h"

/* side_folder_check. */
enum status find_lr_check(const struct settings *settings, struct error *err);
/* *out is without content before, and the curve after: of LR_CURVE_STEPS steps, or of fewer when it
 * diverged (a loss or gradient that is not finite ends it as well) or when *in->stop said so:
 * *interrupted. Of *in val, folder and schedule are not used. in->events.batch is called when the
 * step is in the curve. */
enum status find_lr_run(struct lr_curve *out, const struct trainer_inputs *in, bool *interrupted,
                        struct error *err);
/* *path: the table that was written, with the columns step (from 1), learning_rate, loss and
 * mean_loss as in batches.csv, and smoothed_mean_loss. The caller frees it in any case. */
enum status find_lr_write(char **path, const struct lr_curve *curve,
                          const struct settings *settings, struct error *err);

#endif
