/* A part of a square image, resized to a square and mirrored on the way: PIL's resize(box=...)
 * with BILINEAR, antialiased where it shrinks, to 0.3 grey levels, or with BICUBIC, to half a one.
 */
#ifndef IMAGE_RESIZE_CROP_H
#define IMAGE_RESIZE_CROP_H

#include "base/arena.h"
#include "base/error.h"
#include "image/image_fit.h"
#include "image/resize_filter.h"

#include <stdbool.h>
#include <stdint.h>

#define RESIZE_CROP_MIN_SIDE                                                                       \
    6 /* of the image: the inner loop takes 16 bytes of a row at a time                            \
       */

struct resize_crop_box {
    double x, y, width, height; /* pixels and parts of pixels, within the image */
    bool mirrored_x, mirrored_y;
};

/* Memory for one crop at a time; the arrays belong to the arena. */
struct resize_crop {
    int side_in, side_out;
    enum image_fit_interpolation interpolation;
    struct resize_filter down, across;
    const uint8_t **tap;
    int16_t *line;
};
/* For images of one side and results of one side, both at least RESIZE_CROP_MIN_SIDE. Called
 * twice, as base/arena.h says. */
void resize_crop_lay_out(struct resize_crop *c, int side_in, int side_out,
                         enum image_fit_interpolation interpolation, struct arena *a);
/* out [side_out, side_out, 3] = the box of in [side_in, side_in, 3]. A box of the whole image at
 * its own size gives its bytes, or its exact mirror image. Bilinear cannot fail; bicubic may find
 * no memory. */
enum status resize_crop_run(uint8_t *out, const uint8_t *in, const struct resize_crop_box *box,
                            struct resize_crop *c, struct error *err);

#endif
