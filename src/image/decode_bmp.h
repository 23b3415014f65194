/* BMP, by own code: private to image/, called by decode.c. */
#ifndef IMAGE_DECODE_BMP_H
#define IMAGE_DECODE_BMP_H

#include "image/rows.h"

/* rows = the image as stored, top row first: palettes of 1, 4 and 8 bits, plain or run-length
 * encoded; 16, 24 and 32 bits, with bit fields too; Windows and OS/2 headers. Alpha is dropped and
 * not blended. Rows are read where they lie; of a run-length encoded image the indices are kept,
 * one byte for each pixel. Pixels that such an image skips are of colour 0. JPEG and PNG inside of
 * a BMP, other depths and OS/2's own compressions are refused, and so is what is cut short or
 * points outside of the palette. rows->found = 1: BMP has no orientation.
 *
 * Why no library: stb_image, which is there, knows no run lengths and gives black pixels for
 * missing data. */
enum status decode_bmp(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err);

#endif
