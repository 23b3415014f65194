/* The blocks of a GIF, passed over without decoding. Private to image/. */
#ifndef IMAGE_GIF_BLOCKS_H
#define IMAGE_GIF_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* The 9 bytes that describe the next image (left, top, width, height, each of two bytes, and
 * flags), or NULL: none comes, or the file ends before. *at: 0 before the first call. */
const uint8_t *gif_blocks_next_image(const uint8_t *bytes, size_t size, size_t *at);
enum { GIF_BLOCKS_INTERLACED = 0x40 }; /* in the flags */

#endif
