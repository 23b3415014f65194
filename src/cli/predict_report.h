/* What atk-predict says about labelled images: for people, and as one line of JSON. */
#ifndef CLI_PREDICT_REPORT_H
#define CLI_PREDICT_REPORT_H

#include "base/error.h"
#include "cli/predict_trust.h"
#include "data/dataset.h"
#include "run/train/metrics.h"

#include <stdio.h>

struct predict_counts {
    int images;         /* classified */
    int skipped;        /* could not be read */
    int unknown_labels; /* rows whose label is no class of the model */
};

/* Accuracy, mean cross-entropy, recall, precision and F1 of each class, and the confusion matrix of
 * up to 30 classes; one line without labels. */
void predict_report_print(FILE *stream, struct metrics *m, const struct class_list *classes,
                          const struct predict_counts *counts);
/* {"pictures": 243, "skipped": 0, "labelled": 243, "accuracy": 0.48, ...}; figures that do not
 * exist are null. Lists are by class, in the order of "classes"; "confusion_matrix", of up to 1000
 * classes, has a list for each true class. */
enum status predict_report_json(FILE *stream, struct metrics *m, const struct class_list *classes,
                                const struct predict_counts *counts,
                                const struct predict_trust *trust, struct error *err);

#endif
