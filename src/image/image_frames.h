/* Whether an image file holds several images, by its structure alone. */
#ifndef IMAGE_IMAGE_FRAMES_H
#define IMAGE_IMAGE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An animated WebP or GIF of two frames and more, a TIFF of two pages and more (smaller versions
 * and masks of a page are none): the first is what becomes of it. */
bool image_frames_are_several(const uint8_t *bytes, size_t size);

#endif
