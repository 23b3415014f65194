/* Figures of merit over a set of samples: mean cross-entropy, average top-k loss of the whole set,
 * accuracy, confusion matrix, recall of each class.
 *
 * Samples are added batch by batch; how they were cut into batches does not change a bit of the
 * result, because every sample's loss is kept and summed in order at the end. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "base/error.h"

#include <stdint.h>

/* Plain; the arrays are owned (metrics_free). The first group is valid after metrics_finish. */
struct metrics {
    double mean_loss; /* cross-entropy over all samples; NaN without samples, as the next two */
    double atk_loss;  /* mean of the share x n largest losses (at least one) */
    double accuracy;
    double *recall; /* [classes]; NaN for a class without samples */

    int classes;
    int n, n_correct;
    int64_t *confusion; /* [classes, classes]: rows are the true class, columns the predicted one */
    float *loss;        /* [capacity], n of them used, in the order of metrics_add */
    int capacity;
};

/* Room for `capacity` samples of 1..classes; everything is allocated here. */
enum status metrics_create(struct metrics *out, int classes, int capacity, struct error *err);
/* n more samples: their losses, true and predicted classes. Samples whose label is negative
 * (unknown) are left out. No more than capacity in all. */
void metrics_add(struct metrics *m, const float *loss, const int *label, const int *predicted,
                 int n);
/* share in (0, 1]: which part of the largest losses atk_loss averages. */
enum status metrics_finish(struct metrics *m, double share, struct error *err);
void metrics_reset(struct metrics *m); /* back to no samples */
void metrics_free(struct metrics *m);  /* a zeroed one is fine */

/* Index of the largest of n logits; the lowest at a tie. */
int metrics_predict(const float *logits, int n);

struct class_list;
/* CSV, atomically: header "true\predicted" and the class names, one row for each true class. */
enum status metrics_write_confusion(const struct metrics *m, const struct class_list *classes,
                                    const char *path, struct error *err);
/* CSV, atomically: class,images,predicted,correct,recall,precision (a quotient by 0 is empty). */
enum status metrics_write_classes(const struct metrics *m, const struct class_list *classes,
                                  const char *path, struct error *err);

#endif
