/* An image as a PNG file, through libpng. */
#ifndef IMAGE_ENCODE_PNG_H
#define IMAGE_ENCODE_PNG_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

/* Writes rgb [height, width, 3] to stream: 8-bit RGB, without a time or any other chunk that could
 * differ, so same pixels, same bytes. The stream remembers what it could not write, as with fprintf
 * (base/files asks at the commit). */
enum status encode_png(FILE *stream, const uint8_t *rgb, int width, int height, struct error *err);

#endif
