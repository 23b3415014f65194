/* The synthetic experiment of Figure 1 in Fan, Lyu, Ying and Hu, "Learning with Average Top-k
 * Loss" (NIPS 2017): a linear classifier of 200 points in the plane, one of them an outlier,
 * learned with the average of the k largest losses of the whole set. The points are drawn anew from
 * the paper's description; losses and threshold are those of nn/. */
#ifndef FIGURE1_EXPERIMENT_H
#define FIGURE1_EXPERIMENT_H

#include "nn/loss.h"

#include <stdint.h>

enum { EXPERIMENT_POINTS = 200 };
enum experiment_data { EXPERIMENT_MULTI_MODAL, EXPERIMENT_IMBALANCED };

struct experiment_set {
    float x[EXPERIMENT_POINTS][2];
    int label[EXPERIMENT_POINTS]; /* 1: positive, 0: negative */
};
/* Multi-modal: 100 negative points; of the positive ones 89 in one cloud, 10 in a small one between
 * the clouds, and an outlier behind the negative cloud. Imbalanced: 195 positive points, an outlier
 * among the 4 negative ones. */
void experiment_draw(struct experiment_set *out, enum experiment_data data, uint64_t seed);

/* A point is positive if weight[0] x + weight[1] y + weight[2] > 0. */
struct experiment_line {
    double weight[3];
};
/* The paper's stochastic algorithm: 1000 passes over the points in random order, each step with one
 * of them; the threshold lambda is learned beside the weights; the mean of all iterates is the
 * result. loss: LOSS_CROSS_ENTROPY (of the logits 0 and f: the logistic loss) or LOSS_HINGE.
 * 1 <= k <= 200. */
struct experiment_line experiment_train(const struct experiment_set *set, enum loss_kind loss,
                                        int k, uint64_t seed);
/* Share of the points on the wrong side. */
double experiment_error(const struct experiment_set *set, const struct experiment_line *line);

#endif
