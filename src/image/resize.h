/* Antialiased bilinear (a triangle filter that widens when the image shrinks and is cut off at
 * its edges), linear in the stored values: PIL's BILINEAR, to 0.3 grey levels. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image/image.h"
#include "image/resize_box.h"

#include <stdint.h>

#define RESIZE_MAX_SIDE (1 << 20)
/* Whether an image has no longer side than that: else an error, of bicubic too. */
enum status resize_check_sides(int width, int height, struct error *err);

/* out [size_out, size_out, 3] = in, resized, whatever its aspect ratio. Sides of more than
 * RESIZE_MAX_SIDE pixels are refused. Thread-safe. */
enum status resize_bilinear(uint8_t *out, int size_out, const struct image *in, struct error *err);

/* The same row by row: the image comes in from the top as its decoder delivers it, so that of a
 * large one only the few rows under the filter are ever in memory, and those in the processor's
 * cache. */
struct resize;
/* Fills the target, the caller's, as rows of an image of width x height pixels come: its last row
 * with the last one that belongs to the box, or before. */
enum status resize_create(struct resize **out, const struct resize_target *target, int width,
                          int height, struct error *err);
uint8_t *resize_row(struct resize *r); /* room for the next row [width, 3] */
void resize_push(struct resize *r);    /* that row is filled */
void resize_destroy(struct resize *r); /* NULL is fine */

#endif
