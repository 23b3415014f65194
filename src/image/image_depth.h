/* How many bits an image file has for a sample, from its first bytes alone. */
#ifndef IMAGE_IMAGE_DEPTH_H
#define IMAGE_IMAGE_DEPTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A PNG or TIFF of 16 bits: of each sample the high byte is what becomes of it. */
bool image_depth_is_16(const uint8_t *bytes, size_t size);

#endif
