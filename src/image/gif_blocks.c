/* A file is a header with a palette, then blocks: '!' with a kind, or ',' with a description, a
 * palette and a byte; each followed by sub-blocks, which begin with their length and end with one
 * of no bytes. */
#include "image/gif_blocks.h"

enum { HEADER = 13, HEADER_FLAGS = 10, DESCRIPTION = 9, HAS_PALETTE = 0x80 };

static size_t palette_bytes(uint8_t flags)
{
    return flags & HAS_PALETTE ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Where they end; beyond the file when it ends before. */
static size_t skip_sub_blocks(const uint8_t *bytes, size_t size, size_t at)
{
    while (at < size && bytes[at] > 0)
        at += (size_t)bytes[at] + 1;
    return at + 1;
}

const uint8_t *gif_blocks_next_image(const uint8_t *bytes, size_t size, size_t *at)
{
    if (*at == 0 && size >= HEADER)
        *at = HEADER + palette_bytes(bytes[HEADER_FLAGS]);
    while (*at > 0 && *at < size) {
        size_t begin = *at + 1;
        if (bytes[*at] == '!') {
            *at = skip_sub_blocks(bytes, size, begin + 1);
        } else if (bytes[*at] == ',' && size - begin >= DESCRIPTION) {
            size_t data = begin + DESCRIPTION + palette_bytes(bytes[begin + DESCRIPTION - 1]);
            *at = skip_sub_blocks(bytes, size, data + 1);
            return bytes + begin;
        } else {
            return NULL;
        }
    }
    return NULL;
}
