/* The two inner loops of a resize, in integers: every processor gives the same bytes. Private to
 * image/. */
#ifndef IMAGE_RESIZE_SWEEP_H
#define IMAGE_RESIZE_SWEEP_H

#include "image/resize_filter.h"

#include <stddef.h>
#include <stdint.h>

/* Rows are worked on in blocks of 16 bytes: row_bytes rounded up to them. */
size_t resize_sweep_padded(size_t row_bytes);
/* How many values behind the last one of `in` resize_sweep_across reads, and ignores. */
#define RESIZE_SWEEP_SPARE 16

/* out [n] = 64 x sum of row[t] [n] x weight[t] over `taps`; n is padded, and an odd last tap is
 * followed by one of weight zero whose row is readable. 64: the fraction bits that 15 bits leave.
 */
void resize_sweep_down(int16_t *out, const uint8_t *const *row, const int16_t *weight, int taps,
                       size_t n);
/* out [side, 3] = in [width, 3] / 64 under the filter, rounded. */
void resize_sweep_across(uint8_t *out, const int16_t *in, const struct resize_filter *f, int side);

#endif
