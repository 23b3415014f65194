/* JPEG through libjpeg: private to image/, called by image.c. */
#ifndef IMAGE_DECODE_JPEG_H
#define IMAGE_DECODE_JPEG_H

#include "image/rows.h"

/* rows = the image as stored, at the scale that limits->jpeg_scale says when it is to be resized;
 * rows->found = its EXIF orientation 1..8 (1 when it has none, or when limits->apply_exif is off).
 * Baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK, any sampling that libjpeg takes. What
 * libjpeg only warns of (missing data, bad codes) is an error here. What is in rows is the caller's
 * to free in any case. */
enum status decode_jpeg(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err);

#endif
