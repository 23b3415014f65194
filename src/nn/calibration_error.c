#include "nn/calibration_error.h"

#include <math.h>

void calibration_error_add(struct calibration_error *c, double confidence, bool is_correct)
{
    double above = ceil(confidence * CALIBRATION_ERROR_BINS);
    int bin = above >= CALIBRATION_ERROR_BINS ? CALIBRATION_ERROR_BINS - 1
              : above > 1                     ? (int)above - 1
                                              : 0; /* NaN, too */
    c->images[bin]++;
    c->correct[bin] += is_correct;
    c->confidence[bin] += confidence;
}

double calibration_error_value(const struct calibration_error *c)
{
    int64_t images = 0;
    double sum = 0;
    for (int i = 0; i < CALIBRATION_ERROR_BINS; i++) {
        images += c->images[i];
        sum += fabs((double)c->correct[i] - c->confidence[i]);
    }
    return images > 0 ? sum / (double)images : NAN;
}
