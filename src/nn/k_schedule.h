/* k as a closed form of the epoch, so that a resumed run needs nothing but its place.
 *
 * e counts the epochs done, from 0. With W epochs of warm-up and E in all:
 *     e < W      all
 *     constant   end
 *     linear     start + (end - start) p,  p = (e - W) / (E - 1 - W): end in the last epoch
 *     cosine     likewise with (1 - cos(pi p)) / 2
 *     steps      likewise with (steps that e has reached) / (steps in all) */
#ifndef NN_K_SCHEDULE_H
#define NN_K_SCHEDULE_H

#include "nn/atk.h"

enum k_schedule_kind {
    K_SCHEDULE_CONSTANT,
    K_SCHEDULE_LINEAR,
    K_SCHEDULE_COSINE,
    K_SCHEDULE_STEPS
};
enum { K_SCHEDULE_MOST_STEPS = 8 };

struct k_schedule {
    enum k_schedule_kind kind;
    struct atk_k start, end;
    int warmup, epochs; /* W < E */
    int step[K_SCHEDULE_MOST_STEPS], n_steps;
};

/* For sets of n at full size: between a count and a share the count becomes a share of n. Between
 * two counts k is a whole number, rounded down. */
struct atk_k k_schedule_at(const struct k_schedule *s, int epoch, int n);

#endif
