/* EXIF orientation: which of eight ways an image has to be turned. Private to image/. */
#ifndef IMAGE_ORIENTATION_H
#define IMAGE_ORIENTATION_H

#include "base/error.h"
#include "image/image_fit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The orientation 1..8 in an EXIF block, 1 when it holds none or an unknown one. exif begins with
 * "Exif\0\0" as in JPEG's APP1, or with the TIFF header as in PNG's eXIf. A block that makes no
 * sense is no error: images with broken EXIF data are common and their pixels are good. */
int orientation_from_exif(const uint8_t *exif, size_t size);

/* The same from a PNG text: ImageMagick's "Raw profile type exif", an EXIF block in hexadecimal,
 * and "XML:com.adobe.xmp", Adobe's XML with a tiff:Orientation. Any other key, or text without an
 * orientation, gives 1. orientation_text.c */
enum status orientation_from_text(int *orientation, const char *key, const char *text,
                                  struct error *err);
bool orientation_text_key(const char *key); /* whether it is one of the two */

/* Whether an upright image is as wide as the stored one is high. */
bool orientation_swaps_sides(int orientation);
/* Where in the stored square a place of the upright one comes from. */
struct image_fit_place orientation_stored_place(const struct image_fit_place *upright, int side,
                                                int orientation);
/* Turns and mirrors rgb [side, side, 3], in its place, so that it is upright. On failure it is
 * unchanged. */
enum status orientation_turn_resized(uint8_t *rgb, int side, int orientation, struct error *err);

#endif
