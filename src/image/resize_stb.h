/* Antialiased bicubic through stb_image_resize: the Catmull-Rom spline, linear in the stored
 * values, with the image's edge repeated beyond it. PIL's BICUBIC, which cuts the filter off at the
 * edge, to half a grey level. */
#ifndef IMAGE_RESIZE_STB_H
#define IMAGE_RESIZE_STB_H

#include "base/error.h"
#include "image/resize_box.h"

#include <stdint.h>

/* Fills the target with its box of in [height, width, 3]. Pixels around the box count too, as far
 * as the filter reaches. Takes a few rows of floats while it runs. Thread-safe. */
enum status resize_stb(const struct resize_target *target, const uint8_t *in, int width, int height,
                       struct error *err);

#endif
