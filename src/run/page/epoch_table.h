/* results.csv and batches.csv, read back: the figures of each epoch. */
#ifndef RUN_PAGE_EPOCH_TABLE_H
#define RUN_PAGE_EPOCH_TABLE_H

#include "base/error.h"
#include "run/settings/settings.h"

#include <stdint.h>

enum epoch_figure {
    EPOCH_TRAIN_LOSS,
    EPOCH_TRAIN_MEAN_LOSS,
    EPOCH_TRAIN_ACCURACY,
    EPOCH_VAL_MEAN_LOSS,
    EPOCH_VAL_LOSS,
    EPOCH_VAL_ACCURACY,
    EPOCH_VAL_BALANCED_ACCURACY,
    EPOCH_VAL_MACRO_F1,
    EPOCH_LEARNING_RATE,
    EPOCH_SELECTED,
    EPOCH_SECONDS,
    EPOCH_THRESHOLD, /* mean over the epoch's batches: of batches.csv */
    EPOCH_N_FIGURES
};
extern const char *const epoch_table_name[EPOCH_N_FIGURES]; /* "train_loss": columns of the files */

struct epoch_row {
    int epoch;
    double figure[EPOCH_N_FIGURES]; /* NaN: none */
};
/* Plain; all zero: no epochs. */
struct epoch_table {
    struct epoch_row *row;
    int n, classes;
    double *class_selected; /* [classes] shares of the last epoch; NaN: none */
};

/* batches NULL, or a file that is not there: no thresholds. */
enum status epoch_table_read(struct epoch_table *out, const char *results, const char *batches,
                             int classes, struct error *err);
void epoch_table_free(struct epoch_table *t); /* a zeroed one is fine */

/* The row of the best epoch, as run/train/monitor chooses it; -1: none was validated. */
int epoch_table_best(const struct epoch_table *t, enum monitor monitor);

#endif
