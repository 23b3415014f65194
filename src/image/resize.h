/* A picture made square for the network: antialiased bilinear (a triangle filter that widens when
 * the picture shrinks and is cut off at its edges), linear in the stored values, without keeping
 * the aspect ratio: PIL's BILINEAR, to 0.3 grey levels. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image/image.h"

#include <stdint.h>

#define RESIZE_MAX_SIDE (1 << 20)

/* out [size_out, size_out, 3] = in, resized. Sides of more than RESIZE_MAX_SIDE pixels are refused.
 * Thread-safe. */
enum status resize_bilinear(uint8_t *out, int size_out, const struct image *in, struct error *err);

/* The same row by row: the picture comes in from the top as its decoder delivers it, so that of a
 * large one only the few rows under the filter are ever in memory, and those in the processor's
 * cache. */
struct resize;
/* right and bottom: where the picture ends, counted in pixels; less than width and height when it
 * covers its last column and row only in part, as after a JPEG's decode at a smaller scale. */
struct resize_source {
    int width, height;
    double right, bottom;
};
/* rgb [side, side, 3] is written as the rows come, its last one with the last row of the picture.
 */
enum status resize_create(struct resize **out, uint8_t *rgb, int side,
                          const struct resize_source *source, struct error *err);
uint8_t *resize_row(struct resize *r); /* room for the next row [width, 3] */
void resize_push(struct resize *r);    /* that row is filled */
void resize_destroy(struct resize *r); /* NULL is fine */

#endif
