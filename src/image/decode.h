/* The decoder for a file, chosen by its first bytes. Private to image/. */
#ifndef IMAGE_DECODE_H
#define IMAGE_DECODE_H

#include "image/rows.h"

/* rows = the image as stored, by the decoder of its kind (decode_png.h says what that is); what is
 * of no kind that is read is named in the message, with how to convert it. What is in rows is the
 * caller's to free in any case. */
enum status decode_any(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err);

#endif
