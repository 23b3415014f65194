/* Wrong labels, made on purpose, to study what they do. */
#ifndef DATA_LABEL_NOISE_H
#define DATA_LABEL_NOISE_H

#include "base/error.h"
#include "data/dataset.h"

#include <stdint.h>

enum { LABEL_NOISE_NONE = -1 };

/* Plain; the caller frees `label`. */
struct label_noise {
    int *label; /* [images] the wrong class of an image; LABEL_NOISE_NONE: it keeps its own */
    int n;      /* images that have one */
};

/* round(share x images) are drawn from all whose rows agree about a class; each gets one of the
 * other classes that have images, all equally likely. Errors: that this is none; fewer than two
 * classes of such images. */
enum status label_noise_make(struct label_noise *out, const struct dataset *d, double share,
                             uint64_t seed, struct error *err);

#endif
