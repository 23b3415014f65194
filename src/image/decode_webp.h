/* WebP through libwebp: private to image/, called by decode.c. */
#ifndef IMAGE_DECODE_WEBP_H
#define IMAGE_DECODE_WEBP_H

#include "image/rows.h"

/* rows = the image as stored: lossy and lossless, alpha dropped and not blended, of an animation
 * the first frame on its canvas, black beside it. rows->found = its EXIF orientation 1..8 (1 when
 * it has none, or when limits->apply_exif is off). A file that is not whole is an error. libwebp
 * gives no rows before it has all: besides them it keeps 4 bytes for each pixel of a lossless image
 * and 1 for each of an alpha channel; code tables, which a hostile lossless file can inflate, stay
 * below 0.8 GB. Built without libwebp every WebP is refused. What is in rows is the caller's to
 * free. */
enum status decode_webp(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err);

#endif
