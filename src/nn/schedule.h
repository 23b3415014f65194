/* The learning rate as a closed form of the step number: a resumed run needs nothing but its place.
 *
 * s counts the steps done, from 0. With W steps of warm-up and T in all, p = (s - W) / (T - W):
 *     s < W      base * (s + 1) / W         linear: base / W at first, base at the W-th step
 *     constant   base
 *     cosine     low + (base - low) * (1 + cos(pi p)) / 2   (Loshchilov and Hutter 2017, one cycle)
 *     poly       low + (base - low) * (1 - p)^power         (torch's PolynomialLR when low is 0)
 *     step       base * gamma^(drops that s has reached), no lower than low   (MultiStepLR)
 *     growth     low * (base / low)^(s / (T - 1))   no warm-up; base at the last step (find_lr)
 * low itself would be the rate of step T of cosine and poly, the first one after the run. */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include <stdint.h>

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_COSINE,
    SCHEDULE_STEP,
    SCHEDULE_POLY,
    SCHEDULE_GROWTH
};
enum { SCHEDULE_MOST_DROPS = 8 };

struct schedule {
    enum schedule_kind kind;
    double base, low; /* base > 0, 0 <= low <= base (growth: 0 < low); low unused by constant */
    int64_t warmup, total; /* steps: W <= T */
    double power;          /* poly */
    double gamma;          /* step */
    int64_t drop[SCHEDULE_MOST_DROPS];
    int n_drops;
};

double schedule_learning_rate(const struct schedule *schedule, int64_t step);

#endif
