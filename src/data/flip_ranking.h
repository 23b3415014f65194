/* How well a ranking of images finds wrong labels that are known. */
#ifndef DATA_FLIP_RANKING_H
#define DATA_FLIP_RANKING_H

#include "base/error.h"

/* Plain; the caller frees `found`. */
struct flip_ranking {
    int n;      /* rows of the ranking */
    int *found; /* [n + 1] how many of its first 0, 1, ... rows have a wrong label; the last: all */
};

/* Both are tables with a column image; paths in both begin at the folder of `flipped`, and one
 * image is one however it is spelled. Images of `flipped` that are not in the ranking do not count.
 *
 * Errors: tables that cannot be read, no such column, none of the images in the ranking. */
enum status flip_ranking_read(struct flip_ranking *out, const char *flipped, const char *ranking,
                              struct error *err);

#endif
