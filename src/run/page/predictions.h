/* val_predictions.csv, read back: what the best weights made of each validation image. */
#ifndef RUN_PAGE_PREDICTIONS_H
#define RUN_PAGE_PREDICTIONS_H

#include "base/error.h"
#include "data/class_list.h"

/* Plain; the arrays are owned. All zero: no images. */
struct predictions {
    int n, classes;
    char **image;           /* [n] as written in the table */
    int *label, *predicted; /* [n] */
    float *probability;     /* [n, classes] */
    double *loss;           /* [n] cross-entropy; at most about 87, where a float's end is */
    char *names;            /* what image points into */
};

/* classes: the run's. Another number of class columns, a label that is no class, a probability
 * outside 0..1: an error that names file and line. */
enum status predictions_read(struct predictions *out, const char *path,
                             const struct class_list *classes, struct error *err);
void predictions_free(struct predictions *p); /* a zeroed one is fine */

/* order [n] = images by their loss, the largest first; of equal ones the earlier row. */
void predictions_order(const struct predictions *p, int *order);

#endif
