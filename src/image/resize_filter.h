/* The weights of an antialiased bilinear resize in one direction. Private to image/. */
#ifndef IMAGE_RESIZE_FILTER_H
#define IMAGE_RESIZE_FILTER_H

#include "base/error.h"

#include <stdint.h>

#define RESIZE_FILTER_ONE 16384 /* what the weights of each result add up to, exactly */

struct resize_filter {
    int taps;         /* pixels under the widest result, rounded up to an even number */
    int *first, *end; /* [n_out] result o is made of the pixels first..end-1; both ascend */
    int16_t *weight;  /* [n_out, taps], zero from end on */
};
/* The triangle of PIL's BILINEAR: as wide as two source pixels, or as two results when the picture
 * shrinks; cut off at the picture's edge. n_in, n_out >= 1; the
 * picture ends at n_in - 1 < extent <= n_in. *f is zeroed on failure. */
enum status resize_filter_create(struct resize_filter *f, int n_in, double extent, int n_out,
                                 struct error *err);
void resize_filter_free(struct resize_filter *f); /* a zeroed one is fine */

#endif
