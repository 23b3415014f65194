/* Individual losses: one number for each sample. Plain functions over arrays. */
#ifndef NN_LOSS_H
#define NN_LOSS_H

/* Softmax cross-entropy: loss[i] = log(sum_j exp(logits[i][j])) - logits[i][label[i]], through the
 * largest logit so that
 * +-1000 does not overflow. dlogits (may be NULL) [n, classes]: softmax - one-hot, the gradient of
 * loss[i], not yet weighted. probability (may be NULL) [n, classes]: the softmax. label[i] < 0:
 * loss[i] = 0 and zero gradient. */
void loss_cross_entropy(float *loss, float *dlogits, float *probability, const float *logits,
                        const int *label, int n, int classes);

/* The individual losses that average top-k can be taken of. With z the logits of a sample, y its
 * label, and t_j = 1 for j = y, else 0:
 *     cross-entropy  softmax cross-entropy, as above
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
struct loss_options {
    enum loss_kind kind;
};
/* loss [n] and dlogits [n, classes], its gradient, not yet weighted. A label below 0
 * gives neither loss nor gradient; a NaN among a sample's logits makes its loss NaN. */
void loss_individual(float *loss, float *dlogits, const float *logits, const int *label, int n,
                     int classes, const struct loss_options *options);

#endif
