/* A picture in memory, and the one door to the decoders: the format is found by magic bytes, never
 * by the file's name. */
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
    IMAGE_JPEG_AUTO, /* twice the target. A sharp picture of 4000 x 3000 at 448: 0.16 grey levels
                        away from the full decode in the mean; at just twice the target 0.3 to 0.6
                      */
    IMAGE_JPEG_FAST, /* the target: 0.8 to 1.7 grey levels */
    IMAGE_JPEG_OFF   /* the full size always */
};
extern const char *const image_jpeg_scale_name[3]; /* "auto", "fast", "off" */

struct image_limits {
    int64_t max_pixels; /* width x height above this is refused before any pixel is allocated */
    bool apply_exif;    /* turn the picture as its EXIF orientation says */
    enum image_jpeg_scale jpeg_scale; /* of image_decode_square */
};
#define IMAGE_MAX_PIXELS_DEFAULT 178956970 /* PIL's decompression-bomb limit x 2 */

/* Decodes JPEG or PNG from memory. Truncated or corrupt data is an error, never grey rows.
 * On failure out->rgb is NULL. Messages do not name the file: the caller puts its path in front.
 * Thread-safe. Memory is bounded: about 20 bytes for each pixel that the limits let in. */
enum status image_decode(struct image *out, const uint8_t *bytes, size_t size,
                         const struct image_limits *limits, struct error *err);

/* rgb [side, side, 3] = the picture resized as image/resize.h says, decoded at the JPEG scale that
 * the limits ask for. Decode, resize and turn go row by row without the picture ever being in
 * memory as a whole (progressive JPEG and interlaced PNG apart, which their decoders gather). On
 * failure rgb is undefined. *aspect = width / height of the upright picture; NULL: not asked. */
enum status image_decode_square(uint8_t *rgb, double *aspect, int side, const uint8_t *bytes,
                                size_t size, const struct image_limits *limits, struct error *err);

/* Goes up whenever the same file and limits give other bytes: caches on disk hold the bytes. */
#define IMAGE_SQUARE_VERSION 1

/* An error when there are more than limits->max_pixels: for the decoders, before they allocate. */
enum status image_check_size(int width, int height, const struct image_limits *limits,
                             struct error *err);
/* out = width x height black pixels; refused when that is more than max_pixels. On failure out->rgb
 * is NULL. */
enum status image_create(struct image *out, int width, int height, int64_t max_pixels,
                         struct error *err);
void image_free(struct image *image); /* a zeroed one is fine */

#endif
