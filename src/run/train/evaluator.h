/* Runs a network in evaluation mode over a loader's rows, in order: for the validation pass of a
 * training run and for atk-predict. Changes no weight and no running statistic. */
#ifndef RUN_TRAIN_EVALUATOR_H
#define RUN_TRAIN_EVALUATOR_H

#include "base/error.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/train/metrics.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct evaluator_sample {
    int row, label, predicted; /* row of the data set; label -1: unknown */
    /* Borrowed during the call. */
    const float *probability; /* [classes] */
    /* [classes] logits, or the logarithm of the mean probability of several views and networks:
     * its softmax is the probability at temperature 1 (nn/temperature). */
    const float *score;
    const float *image; /* [size, size, 3] as the first network got it, or its features */
    const float *map; /* class activation map (nn/cam.h) of the predicted class; NULL: not drawn */
};

/* Any pointer may be NULL. */
struct evaluator_events {
    void *context;
    /* A failure ends the pass and is passed on. */
    enum status (*sample)(void *context, const struct evaluator_sample *s, struct error *err);
    void (*progress)(void *context, int n_done); /* samples, after each batch */
    const volatile sig_atomic_t *stop;           /* non-zero: end after the present batch */
};

struct evaluator;
/* The loader is unshuffled, and its batches are no larger than the model's max_batch; both are
 * borrowed. All memory that a pass needs is taken here. A loader that gives features in place of
 * images (loader_use_values) gives those of the mirrored ones, too.
 * flip: each image goes through the network a second time, mirrored left to right, and its
 * probabilities are the mean of both; loss and prediction follow from that mean. */
enum status evaluator_create(struct evaluator **out, struct model *model, struct loader *loader,
                             bool flip, struct error *err);
/* A further network of as many classes and the same max_batch: probabilities become the mean over
 * the networks (with flip, over both views of each), and loss and prediction follow from that mean.
 * Its loader, borrowed, visits the same rows in batches of the same size, and may be one that is
 * there already. An image that one of the loaders leaves out and another does not is an error. */
enum { EVALUATOR_MOST_NETWORKS = 64 };
enum status evaluator_add_network(struct evaluator *e, struct model *model, struct loader *loader,
                                  struct error *err);
/* From here on evaluator_sample.map is set: of the first network, and the image that is not
 * mirrored. Not for loaders that give features. */
enum status evaluator_draw_maps(struct evaluator *e, struct error *err);
/* The temperature of a network's probabilities from here on, 1 at first; network: 0 for that of
 * create, then in the order in which they were added. Losses, and so metrics, stay those of 1. Of
 * one network predictions do, too; of several they follow from the mean of the probabilities at
 * their temperatures. */
void evaluator_use_temperature(struct evaluator *e, int network, double temperature);
/* What create takes: of flip the mirrored images, and all else. */
size_t evaluator_flip_bytes(int max_batch, int size);
size_t evaluator_figure_bytes(int max_batch, int classes, bool flip);
/* One pass. The samples are added to metrics (reset and finish are the caller's); *stopped tells
 * that events->stop ended it early, with STATUS_OK. */
enum status evaluator_run(struct evaluator *e, struct metrics *metrics, bool *stopped,
                          const struct evaluator_events *events, struct error *err);
void evaluator_destroy(struct evaluator *e); /* NULL is fine */

#endif
