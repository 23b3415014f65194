/* From the individual losses of a set to the one that is minimised. With l[1] >= ... >= l[n], of
 * which the m largest are left out first (0 by default):
 *     average top-k   (1/k) (l[m+1] + ... + l[m+k])   Fan et al. 2017; with m > 0 the sum of ranked
 *                                                     range of Hu et al., "Learning by Minimizing
 *                                                     the Sum of Ranked Range", NeurIPS 2020
 *     average         1/(n-m) (l[m+1] + ... + l[n])
 *     maximum         l[m+1]
 *     top-k           l[m+k]: the k-th largest alone, not convex in the losses
 * Plain functions over arrays. Average top-k with k = n - m is the average and with k = 1 the
 * maximum, bit for bit: each is a selection (nn/atk) whose losses are averaged by atk_mean. */
#ifndef NN_AGGREGATE_H
#define NN_AGGREGATE_H

#include "nn/atk.h"

enum aggregate_kind { AGGREGATE_ATK, AGGREGATE_AVERAGE, AGGREGATE_MAXIMUM, AGGREGATE_TOP_K };

/* What the user asks for, for sets of any size. */
struct aggregate_options {
    enum aggregate_kind kind;
    struct atk_k k, drop; /* k counts among what drop leaves */
};

/* For a set of n: */
struct aggregate {
    enum aggregate_kind kind;
    int drop; /* 0..n-1 */
    int k;    /* 1..n-drop; average: n - drop; maximum: 1 */
};
/* A drop that would leave nothing of a set so small (a short last batch) leaves one. */
struct aggregate aggregate_resolve(const struct aggregate_options *options, int n);

/* Marks the losses that count: weight [n] = 1/(how many) or 0, selected = their indices in
 * ascending order; ties go to the lower index, and a NaN is larger than anything. Returns how many:
 * k, for top-k 1. The loss itself is atk_mean over them. scratch [n] ints. */
int aggregate_select(float *weight, int *selected, const float *loss, int n,
                     const struct aggregate *aggregate, int *scratch);
/* The smallest of the selected losses: that of average top-k at which a sample begins to count. */
float aggregate_threshold(const float *loss, const int *selected, int n_selected);

#endif
