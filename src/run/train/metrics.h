/* Figures of merit over a set of samples: mean cross-entropy, average top-k loss of the whole set,
 * accuracy, confusion matrix, recall of each class, macro F1.
 *
 * Samples are added batch by batch; how they were cut into batches does not change a bit of the
 * result, because every sample's loss is kept and summed in order at the end. (The tables of a
 * confusion matrix are written by run/files/class_tables.) */
#ifndef RUN_TRAIN_METRICS_H
#define RUN_TRAIN_METRICS_H

#include "base/error.h"
#include "nn/atk.h"
#include "run/files/confusion.h"

#include <stddef.h>

/* Plain; the arrays are owned (metrics_free). The first group is valid after metrics_finish; with
 * no samples its figures are NaN. */
struct metrics {
    double mean_loss; /* cross-entropy over all samples */
    double atk_loss;  /* mean of the largest losses: see metrics_finish */
    double accuracy;
    double balanced_accuracy; /* mean recall of the classes that have samples */
    double macro_f1;          /* mean of 2TP / (2TP + FP + FN) over the classes that occur or were
                                 predicted, as sklearn.metrics.f1_score(average="macro") */
    double *recall;           /* [classes]; NaN for a class without samples */

    int classes, capacity;
    int n, n_correct;
    struct confusion confusion;
    float *loss; /* [capacity], n of them used, in the order of metrics_add */

    float *weight; /* [capacity], as are the next two: room for atk_select */
    int *selected, *scratch;
};

/* Room for `capacity` samples; everything is allocated here. classes, capacity >= 1. */
enum status metrics_create(struct metrics *out, int classes, int capacity, struct error *err);
size_t metrics_bytes(int classes, int capacity); /* what create takes */
/* n more samples: their losses, true and predicted classes. Samples whose label is negative
 * (unknown) are left out. No more than capacity in all. */
void metrics_add(struct metrics *m, const float *loss, const int *label, const int *predicted,
                 int n);
/* share in (0, 1]: the part of the set that atk_loss averages, as atk_resolve rounds it. */
void metrics_finish(struct metrics *m, double share);
void metrics_reset(struct metrics *m); /* back to no samples */
void metrics_free(struct metrics *m);  /* a zeroed one is fine */

/* The share that k asks for: a fraction is itself, a count is count / batch_size (at most 1). */
double metrics_share(const struct atk_k *k, int batch_size);
/* Index of the largest of n logits; the lowest one at a tie. */
int metrics_predict(const float *logits, int n);

#endif
