/* GIF through giflib: private to image/, called by decode.c. */
#ifndef IMAGE_DECODE_GIF_H
#define IMAGE_DECODE_GIF_H

#include "image/rows.h"

/* rows = the first image of the file on its canvas (which grows to hold it); beside it lies the
 * transparent colour, or colour 0. Transparency is dropped and not blended; without a palette
 * indices are grey levels. Rows are read one by one, and of an interlaced image the indices kept,
 * one byte for each pixel. What is cut short or points outside of the palette is an error.
 * rows->found = 1: GIF has no orientation. Built without giflib every GIF is refused. What is in
 * rows is the caller's to free. */
enum status decode_gif(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err);

#endif
