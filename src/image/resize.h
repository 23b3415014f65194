/* A picture made square for the network, by stb_image_resize. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image/image.h"

#define RESIZE_MAX_SIDE (1 << 20)

/* out [size_out, size_out, 3] = in resized without keeping the aspect ratio: antialiased bilinear
 * (triangle filter that widens when it shrinks), clamped edges, linear in the stored values: PIL's
 * BILINEAR. Sides of more than RESIZE_MAX_SIDE pixels are refused. Thread-safe. */
enum status resize_bilinear(uint8_t *out, int size_out, const struct image *in, struct error *err);

#endif
