/* How far atk-predict's probabilities can be trusted, by images with labels: calibration error,
 * coverage against accuracy, intervals; and what --reject-below leaves to a human. */
#ifndef CLI_PREDICT_TRUST_H
#define CLI_PREDICT_TRUST_H

#include "base/error.h"
#include "io/json_write.h"
#include "nn/calibration_error.h"
#include "run/train/bootstrap.h"
#include "run/train/coverage.h"
#include "run/train/evaluator.h"

#include <stdbool.h>
#include <stdio.h>

/* Plain; freed with predict_trust_free. */
struct predict_trust {
    double reject_below; /* 0: nothing is rejected */
    bool evaluate;       /* intervals are computed */
    int classes, images, rejected;
    struct calibration_error plain, calibrated; /* at temperature 1; of the printed probabilities */
    struct coverage coverage;
    int n; /* images with a label */
    /* [room for all images] n of them used; NULL unless evaluate */
    int *label, *predicted;
    struct bootstrap_intervals intervals;
};

enum status predict_trust_create(struct predict_trust *out, double reject_below, bool evaluate,
                                 int classes, int n_images, struct error *err);
void predict_trust_add(struct predict_trust *t, const struct evaluator_sample *s);
/* Once all images are in. --evaluate without a label is an error. */
enum status predict_trust_finish(struct predict_trust *t, int64_t seed, struct error *err);
void predict_trust_print(FILE *stream, const struct predict_trust *t);
/* Members of an object that has been begun. */
void predict_trust_json(struct json_write *w, const struct predict_trust *t);
void predict_trust_free(struct predict_trust *t); /* a zeroed one is fine */

#endif
