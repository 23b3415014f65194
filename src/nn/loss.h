/* Individual losses: one number for each sample. Plain functions over arrays. */
#ifndef NN_LOSS_H
#define NN_LOSS_H

/* The individual losses that average top-k can be taken of. With z the logits of a sample, y its
 * label, and t_j = 1 for j = y, else 0:
 *     cross-entropy  softmax cross-entropy, loss_cross_entropy
 *     logistic       sum_j log(1 + exp(-s_j z_j)), s_j = 2 t_j - 1: a yes or no for each class
 *     hinge          max(0, 1 + max_{j != y} z_j - z_y)
 *                    (Crammer and Singer, JMLR 2001; 2 classes at least)
 *     squared        sum_j (z_j - t_j)^2
 *     absolute       sum_j |z_j - t_j|
 * None is negative. Where there is no derivative (a kink) the gradient is that of a side: at a
 * margin of just 1 none, at |0| none, of equal largest rivals the first one's. */
enum loss_kind {
    LOSS_CROSS_ENTROPY,
    LOSS_LOGISTIC,
    LOSS_HINGE,
    LOSS_SQUARED,
    LOSS_ABSOLUTE,
};

/* What training may do to the cross-entropy, and which loss it takes. All zero: plain
 * cross-entropy, bit for bit. */
struct loss_options {
    const float *class_weight; /* [classes], each > 0; NULL: 1 for all. Borrowed */
    double smoothing;          /* e in [0, 1): part of the target that is spread over all classes */
    enum loss_kind kind;       /* of loss_individual; the two above are for cross-entropy alone */
};

/* Softmax cross-entropy: loss[i] = -log p[y], with p the softmax of logits[i] and y = label[i],
 * through the largest logit so that +-1000 does not overflow. dlogits (may be NULL) [n, classes]:
 * the gradient of loss[i], softmax - one-hot. probability (may be NULL) [n, classes]: the softmax.
 * label[i] < 0: loss[i] = 0 and zero gradient.
 *
 * With opt (may be NULL) weighted and smoothed (Szegedy et al., "Rethinking the Inception
 * Architecture for Computer Vision", 2016), as PyTorch's cross_entropy(weight=w, label_smoothing=e,
 * reduction='none') defines it:
 *     loss[i] = (1 - e) w[y] (-log p[y]) + (e / classes) sum_c w[c] (-log p[c]).
 * That is the sample's individual loss, and what is selected and averaged later. So a mean over n
 * samples divides by n, where PyTorch's reduction='mean' divides by the sum of their w[y]. */
void loss_cross_entropy(float *loss, float *dlogits, float *probability, const float *logits,
                        const int *label, int n, int classes, const struct loss_options *opt);

/* loss [n] and dlogits [n, classes], its gradient, not yet weighted. A label below 0
 * gives neither loss nor gradient; a NaN among a sample's logits makes its loss NaN. */
void loss_individual(float *loss, float *dlogits, const float *logits, const int *label, int n,
                     int classes, const struct loss_options *options);

#endif
