/* Cross-validation: images in parts, each of which is the test of one fold and trains in the
 * others.
 */
#ifndef DATA_FOLDS_H
#define DATA_FOLDS_H

#include "base/error.h"
#include "data/dataset.h"

#include <stdint.h>

enum { FOLDS_NONE = -1 };

/* Plain; the caller frees it with folds_free. */
struct folds {
    int n;
    int *of_image; /* [images] the fold, from 0, whose test has it; FOLDS_NONE: it trains always */
    int *test_count; /* [n] images */
    int n_always;    /* images that train always */
    int singletons;  /* classes of one image, which trains always */
};

/* The images of each class are shuffled and dealt out one by one, class after class, so that the
 * tests differ by one image at most, in each class and as a whole. The only image of a class trains
 * always, as does one whose rows disagree about its class: nothing could be judged by them.
 *
 * n < 2 is a usage error; an error when there are fewer images to deal out than folds. */
enum status folds_make(struct folds *out, const struct dataset *d, int n, uint64_t seed,
                       struct error *err);
void folds_free(struct folds *f);

#endif
