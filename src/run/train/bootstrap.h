/* Bootstrap intervals (Efron 1979; percentile method) of figures of merit: the images are drawn
 * anew, as many and with replacement, 2,000 times; the interval is from the 2.5th to the 97.5th
 * percentile of the figure, between two values linearly. What it tells is how far other test images
 * of the same kind could move the figure, not what another training would. */
#ifndef RUN_TRAIN_BOOTSTRAP_H
#define RUN_TRAIN_BOOTSTRAP_H

#include "base/error.h"

#include <stdint.h>

enum { BOOTSTRAP_DRAWS = 2000 };

struct bootstrap_interval {
    double low, high;
};
struct bootstrap_intervals {
    struct bootstrap_interval accuracy, balanced_accuracy,
        macro_f1; /* as struct metrics has them */
};

/* Of n >= 1 images with their labels and predicted classes, 0..classes-1. Same seed, same bits. */
enum status bootstrap_run(struct bootstrap_intervals *out, const int *label, const int *predicted,
                          int n, int classes, uint64_t seed, struct error *err);

#endif
