/* What a run has seen of each training image, for hard_examples.csv, and which share of each
 * class counted in the present epoch. An image that the network keeps getting wrong is a rare one,
 * or has a wrong label.
 *
 * The counts are part of the state of a run: a resumed one goes on with them. */
#ifndef RUN_TRAIN_HARD_EXAMPLES_H
#define RUN_TRAIN_HARD_EXAMPLES_H

#include "base/error.h"
#include "data/dataset.h"

#include <stddef.h>
#include <stdint.h>

struct hard_examples {
    const struct dataset *data; /* borrowed */
    int *row;                   /* [n] of the data set, one for each place in the arrays below */
    int *place;                 /* [dataset_size(data)] the inverse */
    int n, classes;

    /* [n], over the whole run */
    int64_t *seen, *selected, *last_prediction;
    double *loss_sum;
    float *last_loss;
    /* [classes], of the present epoch */
    int64_t *class_seen, *class_selected;

    struct hard_examples_rank *rank; /* [n] scratch of hard_examples_write */
};

/* rows [n] (copied): those that are trained on. All memory is taken here. */
enum status hard_examples_create(struct hard_examples *out, const struct dataset *data,
                                 const int *rows, int n, struct error *err);
/* What create takes: n of the n_table rows are trained on. */
size_t hard_examples_bytes(int n_table, int n, int classes);
void hard_examples_free(struct hard_examples *h); /* a zeroed one is fine */

/* n images that a step has seen: their rows, individual losses, predicted classes, and weights in
 * the loss of the step, above 0 for those that counted. */
void hard_examples_add(struct hard_examples *h, const int *row, const float *loss,
                       const int *predicted, const float *weight, int n);

/* Of the present epoch: share of the images of a class that counted (NaN: none was seen), and of
 * all of them. */
double hard_examples_class_share(const struct hard_examples *h, int class);
double hard_examples_share(const struct hard_examples *h);
void hard_examples_begin_epoch(struct hard_examples *h);

/* A row for each image that has been seen: image, label, times_seen, times_selected, mean_loss,
 * last_loss, last_prediction. By mean loss, the largest first; of equal ones that which counted
 * more often, then the order of the table. Atomic. */
enum status hard_examples_write(const struct hard_examples *h, const char *path, struct error *err);

#endif
