/* JPEG through libjpeg: private to image/, called by image_decode(). */
#ifndef IMAGE_DECODE_JPEG_H
#define IMAGE_DECODE_JPEG_H

#include "image/image.h"

/* *out = the picture as stored; *orientation = its EXIF orientation 1..8 (1 when it has none, or
 * when limits->apply_exif is off). Baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK, any
 * sampling that libjpeg takes. What libjpeg only warns of (missing data, bad codes) is an error
 * here. On failure out->rgb is NULL. */
enum status decode_jpeg(struct image *out, int *orientation, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err);

#endif
