/* An image as a JPEG file in memory, through libjpeg. */
#ifndef IMAGE_ENCODE_JPEG_H
#define IMAGE_ENCODE_JPEG_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* *out [*size] = rgb [height, width, 3] as a baseline JPEG with chroma at half the size each way;
 * quality 1..100, as libjpeg scales its tables. Same pixels, same bytes. The caller frees it; on
 * failure *out is NULL. Sides are 1..65500. */
enum status encode_jpeg(uint8_t **out, size_t *size, const uint8_t *rgb, int width, int height,
                        int quality, struct error *err);

#endif
