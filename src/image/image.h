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

struct image_limits {
    int64_t max_pixels; /* width x height above this is refused before any pixel is allocated */
    bool apply_exif;    /* turn the picture as its EXIF orientation says */
};
#define IMAGE_MAX_PIXELS_DEFAULT 178956970 /* PIL's decompression-bomb limit x 2 */

/* Decodes JPEG or PNG from memory. Truncated or corrupt data is an error, never grey rows.
 * On failure out->rgb is NULL. Messages do not name the file: the caller puts its path in front.
 * Thread-safe. Memory is bounded: about 20 bytes for each pixel that the limits let in. */
enum status image_decode(struct image *out, const uint8_t *bytes, size_t size,
                         const struct image_limits *limits, struct error *err);

/* out = width x height black pixels; refused when that is more than max_pixels. The decoders call
 * it when they know the size. On failure out->rgb is NULL. */
enum status image_create(struct image *out, int width, int height, int64_t max_pixels,
                         struct error *err);
void image_free(struct image *image); /* a zeroed one is fine */

#endif
