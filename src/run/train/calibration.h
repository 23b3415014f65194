/* The temperature of the weights that an evaluation was of (nn/temperature), and the calibration
 * error (nn/calibration_error) before and after.
 *
 * Scores are kept for that: of at most 2^23 numbers, 32 MB, and where the images have more (1,000
 * classes and more than 8,388 images), of every second, third ... image, in their order. */
#ifndef RUN_TRAIN_CALIBRATION_H
#define RUN_TRAIN_CALIBRATION_H

#include "base/error.h"
#include "run/files/run_state.h"
#include "run/train/evaluator.h"

#include <stddef.h>

/* Of fewer images no temperature is found: it is 1. */
enum { CALIBRATION_FEWEST = 50 };

struct calibration {
    int classes, capacity, stride;
    int n_seen, n;
    float *score; /* [capacity, classes], n of them used */
    int *label;   /* [capacity] */
};

/* Room for an evaluation of n_images. */
enum status calibration_create(struct calibration *out, int classes, int n_images,
                               struct error *err);
size_t calibration_bytes(int classes, int n_images); /* what create takes */
void calibration_reset(struct calibration *c);
/* One more image of the evaluation; those without a label do not count. */
void calibration_add(struct calibration *c, const struct evaluator_sample *s);
void calibration_free(struct calibration *c); /* a zeroed one is fine */

struct run_state_calibration calibration_finish(const struct calibration *c);

#endif
