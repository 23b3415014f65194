/* The inner loops of image/resize_stb, in floats: each sum is taken pixel by pixel in the order of
 * the pixels, as stb_image_resize takes it, so that the bytes are those that it gives. Private to
 * image/. */
#ifndef IMAGE_RESIZE_FLOAT_H
#define IMAGE_RESIZE_FLOAT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Rows of floats are worked on in blocks. */
enum { RESIZE_FLOAT_BLOCK = 16, RESIZE_FLOAT_LANES = 4 };

/* In one direction. Pixels are counted with the margin that repeats the image's edge. */
struct resize_float_filter {
    int taps;   /* room for each result; at least 1 */
    int *first; /* [n_out] result o is made of the pixels first..first+n-1 */
    int *n;
    float *weight; /* [n_out, taps, RESIZE_FLOAT_LANES], each as often: zero behind those of the
                      result's pixels */
};
/* *f is zeroed on failure. */
enum status resize_float_filter_create(struct resize_float_filter *f, int n_out, int taps,
                                       struct error *err);
void resize_float_filter_put(struct resize_float_filter *f, size_t o, size_t tap, float weight);
void resize_float_filter_free(struct resize_float_filter *f); /* a zeroed one is fine */

/* How many floats resize_float_across reads of a row of so many pixels, and writes. */
size_t resize_float_row(size_t pixels);
/* out [margin + width + margin, 3] = the bytes of in [width, 3] over 255, the first and the last
 * pixel repeated beyond the edges. */
void resize_float_decode(float *out, const uint8_t *in, int width, int margin);
/* out [n_out, 3] = in [pixels, 3] under the filter, which reads `taps` pixels for each result: in
 * has floats for so many behind the last one that counts, which are finite. Both have
 * resize_float_row floats. */
void resize_float_across(float *out, const float *in, const struct resize_float_filter *f,
                         int n_out);
/* out [n] = 255 times the sum of row[t] [n] x weight[t] over `taps`, within 0..255 and rounded;
 * rows are readable up to a whole block. */
void resize_float_down(uint8_t *out, const float *const *row, const float *weight, int taps,
                       size_t n);

#endif
