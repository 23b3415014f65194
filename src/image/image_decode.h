/* The one door to the decoders: the format is found by magic bytes, never by the file's name. */
#ifndef IMAGE_IMAGE_DECODE_H
#define IMAGE_IMAGE_DECODE_H

#include "image/image.h"
#include "image/image_fit.h"

/* rgb [size, size, 3] = the image as the fit says, decoded at the JPEG scale that the limits
 * ask for. Bars hold the pixels at the image's edge (image_fit_spread_edges). It goes row by row
 * without the image ever being in memory as a whole (progressive JPEG, interlaced PNG and
 * GIF, WebP, TIFF in planes and run-length encoded BMP apart, which their decoders gather). *aspect
 * = width / height of the upright image; NULL: not asked.
 *
 * Truncated or corrupt data is an error, never grey rows; rgb is undefined then. Messages do not
 * name the file: the caller puts its path in front. Thread-safe. Memory is bounded: about 20 bytes
 * for each pixel that the limits let in. */
enum status image_decode_resized(uint8_t *rgb, double *aspect, const struct image_fit *fit,
                                 const uint8_t *bytes, size_t size,
                                 const struct image_limits *limits, struct error *err);

/* What a decoder keeps of the whole image while it decodes: coefficients of a progressive JPEG,
 * pixels of an interlaced PNG or a WebP, indices of a BMP's run lengths or of an interlaced GIF; 0:
 * it goes row by row. By the header alone. image_decode_memory.c */
size_t image_decode_memory(const uint8_t *bytes, size_t size);

/* Goes up whenever the same file, fit and limits give other bytes: caches on disk hold the bytes.
 */
#define IMAGE_RESIZED_VERSION 2

#endif
