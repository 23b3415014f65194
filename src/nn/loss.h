/* Individual losses: one number for each sample. Plain functions over arrays. */
#ifndef NN_LOSS_H
#define NN_LOSS_H

/* What training may do to the cross-entropy. All zero: nothing, bit for bit. */
struct loss_options {
    const float *class_weight; /* [classes], each > 0; NULL: 1 for all. Borrowed */
    double smoothing;          /* e in [0, 1): part of the target that is spread over all classes */
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

#endif
