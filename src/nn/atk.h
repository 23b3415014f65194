/* The average top-k loss of Fan, Lyu, Ying and Hu, "Learning with Average Top-k Loss", NIPS 2017:
 *     L = (1/k) sum of the k largest individual losses.
 * k = n is the mean, k = 1 the maximum. Plain functions over arrays. */
#ifndef NN_ATK_H
#define NN_ATK_H

#include "base/error.h"

/* What the user wrote for k: a count ("10": a whole number without a point), a fraction ("0.7",
 * "1.0") or a percent ("70%"). */
struct atk_k {
    enum { ATK_COUNT, ATK_FRACTION } kind;
    double value;  /* whole and >= 1, or in (0, 1]; of a drop also 0 */
    char text[32]; /* the text as given: a sweep has a folder for each spelling */
};
/* Usage error, without the option's name: '"0" is not a count (1, 2, ...), a fraction above 0 and
 * up to 1.0, or a percent above 0% and up to 100%'. */
enum status atk_parse(struct atk_k *out, const char *text, struct error *err);
/* How many of n samples are averaged: min(count, n), or max(1, floor(fraction * n + 1e-9)). */
int atk_resolve(const struct atk_k *k, int n);

/* How many of the largest are left out: likewise, but 0 is allowed and all of them are not. */
enum status atk_parse_drop(struct atk_k *out, const char *text, struct error *err);
/* min(count, n), or floor(fraction * n + 1e-9): 0..n. */
int atk_resolve_drop(const struct atk_k *drop, int n);

/* Marks the k largest of n losses: weight[i] = 1/k or 0, selected [k] = their indices in ascending
 * order; ties go to the lower index. A NaN counts as larger than anything. Returns k (clamped
 * to 1..n). scratch [n] ints. */
int atk_select(float *weight, int *selected, const float *loss, int n, int k, int *scratch);
/* The loss itself: the selected losses summed in index order in double, divided by k. With k = n
 * the bits of the plain mean. */
double atk_mean(const float *loss, const int *selected, int k);

#endif
