/* A seeded stratified split of a data set into training and validation rows. */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "base/error.h"
#include "data/dataset.h"

#include <stdint.h>

struct split {
    int *train, *val; /* row indices, ascending; the caller frees them */
    int n_train, n_val;
    int singletons;  /* classes with rows, but fewer than two images to draw from: all train */
    int unvalidated; /* classes with rows, but no validation row */
};

/* Per class round(fraction x count) images, at least 1 and at most count - 1, are drawn for
 * validation (a class with one image has none). All rows of one image go to the same side; an
 * image whose rows disagree about its class trains, since nothing could be judged by it.
 * fraction 0: all rows train. Rows without a label train. What is drawn of a class depends on the
 * seed, the class's number and its own images alone. */
enum status split_make(struct split *out, const struct dataset *d, double fraction, uint64_t seed,
                       struct error *err);
/* Likewise for a test, which gets out->val: another draw than that of a validation split with the
 * same seed. */
enum status split_make_test(struct split *out, const struct dataset *d, double fraction,
                            uint64_t seed, struct error *err);
/* CSV with header image,label,split ("train" or "val"), in row order, written atomically. Rows on
 * neither side (images that cannot be read) are left out. */
enum status split_write(const struct split *s, const struct dataset *d, const char *path,
                        struct error *err);

#endif
