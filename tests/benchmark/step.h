/* A training step alone: what the speed and parity programs share. Random or given batches, no
 * files of images, no run folder. */
#ifndef TESTS_STEP_H
#define TESTS_STEP_H

#include "nn/atk.h"
#include "nn/model.h"
#include "nn/optimiser.h"

struct step_network {
    struct model *model;
    struct optimiser adam;
    int batch, classes, k;
    double learning_rate;
    /* of the last step */
    double loss;             /* ATk */
    float *losses, *weight;  /* [batch] */
    float *dlogits;          /* [batch, classes] */
    int *selected, *scratch; /* [batch] */
};

struct step_options {
    const char *model, *k; /* a name or a model file; k as the user writes it */
    int classes, size, batch, n_threads;
    double learning_rate;
    bool inference;                       /* forward alone, without gradients, loss and optimiser */
    bool freeze_batch_norm, keeps_halves; /* as in struct model_options */
    const char *train;                    /* as struct model_options has it */
};

/* Weights are drawn from seed 0. */
enum status step_create(struct step_network *out, const struct step_options *opt,
                        struct error *err);
/* Forward, loss, selection, backward, Adam; or forward. x [batch, size, size, 3]. */
void step_run(struct step_network *s, const float *x, const int *label);
void step_destroy(struct step_network *s); /* a zeroed one is fine; ends the threads */

#endif
