/* The weights of an antialiased bilinear resize in one direction. Private to image/. */
#ifndef IMAGE_RESIZE_FILTER_H
#define IMAGE_RESIZE_FILTER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define RESIZE_FILTER_ONE 16384 /* what the weights of each result add up to, exactly */

struct resize_filter {
    int taps;         /* room for each result: resize_filter_taps */
    int most;         /* pixels that any result is made of; <= taps */
    int *first, *end; /* [n_out] result o is made of the pixels first..end-1 */
    int16_t *weight;  /* [n_out, taps], zero from end on */
};
/* The triangle of PIL's BILINEAR: as wide as two source pixels, or as two results when the image
 * shrinks; cut off at the image's edge. The n_out >= 1 results are the part start..start+extent
 * of n_in >= 1 pixels, as resize_filter_fill says. *f is zeroed on failure. */
enum status resize_filter_create(struct resize_filter *f, int n_in, double start, double extent,
                                 int n_out, struct error *err);
/* How many pixels a result may be made of at so many source pixels for each result, rounded up to
 * an even number. */
int resize_filter_taps(double scale);
/* Writes weights into arrays that are there: the results are the part start..start+extent of n_in
 * pixels, the last one first when mirrored (else first and end ascend). Pixels around the part
 * count too, as far as the triangle reaches: PIL's resize(box=). f->taps is at least
 * resize_filter_taps(extent / n_out). */
void resize_filter_fill(struct resize_filter *f, int n_in, double start, double extent, int n_out,
                        bool mirrored);
void resize_filter_free(struct resize_filter *f); /* a zeroed one is fine */

#endif
