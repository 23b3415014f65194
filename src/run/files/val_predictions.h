/* val_predictions.csv: what a network makes of each validation image. It is written while the
 * images go through the network, into a temporary file, so that no run holds images x classes
 * probabilities in memory; whether it takes the place of the one before is known at the end. */
#ifndef RUN_FILES_VAL_PREDICTIONS_H
#define RUN_FILES_VAL_PREDICTIONS_H

#include "base/error.h"
#include "base/files.h"
#include "data/dataset.h"

struct val_predictions {
    const struct dataset *data; /* borrowed */
    struct files_writer writer;
};

/* Columns image, label, predicted, probability (of the predicted class) and one for each class
 * (run/files/class_columns). After open exactly one of commit and abandon is due; abandon after
 * commit, after a failed open, or on a zeroed one is a no-op. */
enum status val_predictions_open(struct val_predictions *out, const char *path,
                                 const struct dataset *data, struct error *err);
/* A row of the data set, which has a label; probability [classes]. A disk that is full is told by
 * commit. */
void val_predictions_put(const struct val_predictions *p, int row, int predicted,
                         const float *probability);
enum status val_predictions_commit(struct val_predictions *p, struct error *err);
void val_predictions_abandon(struct val_predictions *p);

#endif
