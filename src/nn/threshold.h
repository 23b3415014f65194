/* The average top-k loss of a whole data set without sorting it (Fan et al. 2017): for losses l
 * that are not negative, the mean of the k largest is min over lambda >= 0 of  lambda + (1/k) sum_i
 * max(0, l_i - lambda), reached at lambda = l[k], the k-th largest. So one number is learned beside
 * the weights; a sample counts iff its loss exceeds it, and a mini-batch of n estimates both
 * gradients without bias. Plain functions over arrays; share is k / (size of the data set), in (0,
 * 1]. */
#ifndef NN_THRESHOLD_H
#define NN_THRESHOLD_H

/* Marks the losses above lambda: weight [n] = 1/(share n) or 0, selected = their indices in
 * ascending order. Returns how many: 0..n. */
int threshold_select(float *weight, int *selected, const float *loss, int n, double share,
                     double lambda);
/* lambda + 1/(share n) sum_i max(0, loss[i] - lambda): for a whole set with share = k/n what is
 * minimised, for a mini-batch its estimate. Not below the mean of the losses. */
double threshold_value(const float *loss, int n, double share, double lambda);

/* Where lambda begins: the largest of the n losses that is not among the share's, which are
 * max(1, floor(share n)); 0 if they are all. scratch [n] ints. */
double threshold_start(const float *loss, int n, double share, int *scratch);
/* The subgradient step max(0, lambda - rate (share - counted)), counted being the share of a
 * mini-batch that exceeded lambda. The projection is all that bounds it: above every loss the next
 * step leads down. */
double threshold_step(double lambda, double rate, double share, double counted);
/* A rate for losses that shrink by orders of magnitude while a network learns. It goes with lambda:
 * the step multiplies lambda by exp((counted - share) / 2), whatever the unit of the losses
 * (exponentiated gradient, Kivinen and Warmuth 1997). So over T steps the mean of counted is share
 * + 2/T ln(last lambda / first lambda): it settles at the share when lambda does. A lambda below a
 * millionth of the mean loss moves as if it were that, and so can leave 0. */
double threshold_rate(double lambda, double mean_loss, double share, double counted);

#endif
