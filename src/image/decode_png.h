/* PNG through libpng: private to image/, called by image.c. */
#ifndef IMAGE_DECODE_PNG_H
#define IMAGE_DECODE_PNG_H

#include "image/rows.h"

/* rows = the image as stored: every colour type and depth, no gamma, alpha dropped and not
 * blended, 16 bit -> high byte, or the highest of the bits that sBIT names when all samples of a
 * file of 16 bits stay within them; of an APNG the still image. rows->found = the EXIF
 * orientation in its eXIf chunk or, failing that, in its texts, 1..8 (1 when there is none, or when
 * limits->apply_exif is off). A wrong checksum anywhere is an error, and so is
 * a chunk that is longer than the rest of the file. Texts and profiles take a few MiB at most,
 * however many there are (png_chunks.h). What is in rows is the caller's to free in any case.
 *
 * An orientation that stands behind the pixels is found when they are placed: rows->found is then
 * another one than rows->orientation. */
enum status decode_png(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err);

#endif
