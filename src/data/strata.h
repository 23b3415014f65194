/* The images of each class, for draws that take from every class by itself. */
#ifndef DATA_STRATA_H
#define DATA_STRATA_H

#include "base/error.h"
#include "base/rng.h"
#include "data/dataset.h"

#include <stdint.h>

enum { STRATA_NO_CLASS = -1 };

/* Plain; all zero is fine to free. Image numbers are those of struct sample. */
struct strata {
    int n_images, n_classes;
    int *class_of; /* [images] STRATA_NO_CLASS: without a label, or rows of it have several */
    int *image;    /* [end of the last class] image numbers, class after class, ascending in each */
    int *end;      /* [classes] where each class ends in `image`; it begins where the one before
                      ends */
};

enum status strata_make(struct strata *out, const struct dataset *d, struct error *err);
int strata_start(const struct strata *s, int class_number); /* where the class begins in `image` */
int strata_count(const struct strata *s, int class_number); /* its images */
/* Each class by itself: what is drawn of it depends on the seed, the purpose, the class's number
 * and its own images alone. */
void strata_shuffle(struct strata *s, uint64_t seed, enum rng_stream purpose);
void strata_free(struct strata *s);

#endif
