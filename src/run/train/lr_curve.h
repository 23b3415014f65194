/* The loss against a growing learning rate, and what it says about the rate to train with.
 *
 * Judged is the mean cross-entropy of the batches. The average top-k loss, though it is what the
 * steps go down, lies near ln(classes) all the while a fresh network begins to learn: its lowest
 * point is then a matter of chance.
 *
 * What the noise of a batch hides in 500 steps a longer run with a warm-up still learns from: on
 * photos of clothes that AdamW learns well with 1e-3, batches of 16 suggest 7e-4 to 1.0e-3, batches
 * of 8 with more augmentation 1.2e-4. */
#ifndef RUN_TRAIN_LR_CURVE_H
#define RUN_TRAIN_LR_CURVE_H

#include <stdbool.h>

/* 71 steps for each factor of ten. */
enum { LR_CURVE_STEPS = 500 };
#define LR_CURVE_LOWEST  1e-6
#define LR_CURVE_HIGHEST 10.0

struct lr_curve_point {
    double learning_rate, loss, mean_loss;
    double smoothed; /* mean_loss, over the steps around this one; after lr_curve_smooth */
};

struct lr_curve { /* zeroed: empty */
    struct lr_curve_point point[LR_CURVE_STEPS];
    int n;
    bool diverged; /* no further step has a meaning */
    /* Of mean_loss: exponential moving average, corrected for its start at 0, and its lowest. */
    double recent, lowest;
    double sum; /* the average before the correction */
};

/* The step after which this was so; at most LR_CURVE_STEPS of them, rates rising. Finite numbers.
 * It has diverged when the moving average is above 4 times its lowest. */
void lr_curve_add(struct lr_curve *c, double learning_rate, double loss, double mean_loss);

/* Sets `smoothed`: the mean over 30 steps to both sides, as far as there are. Unlike a moving
 * average it lags behind nowhere. What diverged lifts it up to 30 steps before, which errs on the
 * safe side. */
void lr_curve_smooth(struct lr_curve *c);

/* The valley: between its first and its last step with a smoothed loss that has nine tenths of the
 * fall from `first` (at the first step) to `lowest` behind it. Suggested is the rate a third of the
 * way from its left to its right edge, on a logarithmic scale: to its left steps are shorter than
 * they need be, and to the right lies where training breaks down. The lowest point itself says
 * less: the valley is flat, and where few images are learned by heart the loss goes on falling as
 * long as the test lasts. */
struct lr_curve_suggestion {
    double learning_rate; /* NaN when the loss never fell by 5 % */
    double from, to;      /* rates at the edges */
    double first, lowest;
};
/* After lr_curve_smooth, of a curve with at least one step. */
struct lr_curve_suggestion lr_curve_suggest(const struct lr_curve *c);

#endif
