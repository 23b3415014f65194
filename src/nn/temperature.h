/* Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017): the
 * softmax of z / T in place of that of z. One number T for a network, found on images that it was
 * not trained on, makes its probabilities mean what they say; the order of the classes, and so
 * every prediction, stays. A score z is a logit, or the logarithm of a probability: what is added
 * to all scores of an image changes nothing. */
#ifndef NN_TEMPERATURE_H
#define NN_TEMPERATURE_H

/* What a temperature can be. */
#define TEMPERATURE_LEAST 0.01
#define TEMPERATURE_MOST  100.0

/* The T in LEAST..MOST with the least mean cross-entropy of the softmax of score / T [n, classes]
 * to label [n], each in 0..classes-1. 1 when no image is wrong, for then the least T is the best
 * one, however few images they are; and when a score is not finite. In double, in the order of the
 * images: same input, same bits. */
double temperature_fit(const float *score, const int *label, int n, int classes);

/* probability [n, classes] = the softmax of score / temperature. */
void temperature_apply(float *probability, const float *score, int n, int classes,
                       double temperature);
/* The largest probability of one image. */
double temperature_confidence(const float *score, int classes, double temperature);

#endif
