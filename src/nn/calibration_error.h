/* Expected calibration error (Naeini et al., AAAI 2015; Guo et al., ICML 2017): images are put into
 * 15 bins of equal width by their confidence, the probability of the predicted class; bin m of
 * 1..15 holds those above (m - 1) / 15, up to m / 15. The error is the sum over the bins of
 *     (images of the bin / all images) x |share of them that are right - their mean confidence|. */
#ifndef NN_CALIBRATION_ERROR_H
#define NN_CALIBRATION_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum { CALIBRATION_ERROR_BINS = 15 };

/* Plain; all zero: no images. */
struct calibration_error {
    int64_t images[CALIBRATION_ERROR_BINS], correct[CALIBRATION_ERROR_BINS];
    double confidence[CALIBRATION_ERROR_BINS]; /* sums */
};

void calibration_error_add(struct calibration_error *c, double confidence, bool is_correct);
double calibration_error_value(const struct calibration_error *c); /* NaN of no images */

#endif
