/* Antialiased bicubic through stb_image_resize: the Catmull-Rom spline, linear in the stored
 * values, with the image's edge repeated beyond it. PIL's BICUBIC, which cuts the filter off at the
 * edge, to half a grey level. */
#ifndef IMAGE_RESIZE_STB_H
#define IMAGE_RESIZE_STB_H

#include "base/error.h"
#include "image/resize_box.h"

#include <stdint.h>

/* Fills the target with its box of in [height, width, 3]. Pixels around the box count too, as far
 * as the filter reaches. Sides of more than RESIZE_MAX_SIDE pixels are refused. Thread-safe. */
enum status resize_stb(const struct resize_target *target, const uint8_t *in, int width, int height,
                       struct error *err);

/* The same row by row, as image/resize has it: a few rows of floats are in memory. */
struct resize_stb;
enum status resize_stb_create(struct resize_stb **out, const struct resize_target *target,
                              int width, int height, struct error *err);
uint8_t *resize_stb_row(struct resize_stb *r); /* room for the next row [width, 3] */
void resize_stb_push(struct resize_stb *r);    /* that row is filled */
void resize_stb_destroy(struct resize_stb *r); /* NULL is fine */

#endif
