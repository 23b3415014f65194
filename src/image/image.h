/* An image in memory, and the limits within which files become images. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    int width, height;
    uint8_t
        *rgb; /* [height, width, 3], sRGB as stored, alpha dropped, 16 bit -> high byte; owned */
};

/* A JPEG can be decoded at 4/8, 2/8 or 1/8 of its size for less work (the scales between are slower
 * than the full one). Of those, the smallest with both sides at least ... */
enum image_jpeg_scale {
    IMAGE_JPEG_AUTO, /* twice the target. A sharp image of 4000 x 3000 at 448: 0.16 grey levels
                        away from the full decode in the mean; at just twice the target 0.3 to 0.6
                      */
    IMAGE_JPEG_FAST, /* the target: 0.8 to 1.7 grey levels */
    IMAGE_JPEG_OFF   /* the full size always */
};
extern const char *const image_jpeg_scale_name[3]; /* "auto", "fast", "off" */

struct image_limits {
    int64_t max_pixels; /* width x height above this is refused before any pixel is allocated */
    bool apply_exif;    /* turn the image as its EXIF orientation says */
    enum image_jpeg_scale jpeg_scale;
    _Atomic size_t *most_bytes; /* NULL, or becomes the largest memory of one image: its file and
                                   what its decoder keeps of it (data/image_fetch) */
};
#define IMAGE_MAX_PIXELS_DEFAULT 178956970 /* PIL's decompression-bomb limit x 2 */

/* An error when there are more than limits->max_pixels: for the decoders, before they allocate. */
enum status image_check_size(int width, int height, const struct image_limits *limits,
                             struct error *err);
/* out = width x height black pixels, whatever their number. On failure out->rgb is NULL. */
enum status image_create(struct image *out, int width, int height, struct error *err);
void image_free(struct image *image); /* a zeroed one is fine */

#endif
