/* TIFF through libtiff: private to image/, called by decode.c. */
#ifndef IMAGE_DECODE_TIFF_H
#define IMAGE_DECODE_TIFF_H

#include "image/rows.h"

/* rows = the first page as stored: grey of 1, 2, 4, 8 and 16 bits (white first or last), palettes,
 * RGB and CMYK of 8 and 16 bits, YCbCr inside of JPEG; strips and tiles, samples together or in
 * planes, any byte order, BigTIFF; not compressed or by CCITT, LZW, Deflate, PackBits, JPEG. 16 bit
 * -> high byte. Alpha is dropped and not blended; what was multiplied by it is divided again. The
 * rest is refused: floating point, Lab, other compressions. rows->found = the orientation of the
 * page, 1..8 (1 when limits->apply_exif is off). What libtiff only warns of among the pixels is an
 * error here.
 *
 * Strips are read row by row, tiles as many as lie side by side; of planes all samples are kept.
 * Built without libtiff every TIFF is refused. What is in rows is the caller's to free. */
enum status decode_tiff(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err);

#endif
