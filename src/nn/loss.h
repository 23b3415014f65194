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

#endif
