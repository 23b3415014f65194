#include "image/image_frames.h"

#include "image/gif_blocks.h"
#include "image/tiff_directory.h"

#include <string.h>

static size_t little_endian_32(const uint8_t *b)
{
    return (size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
}

/* Chunks: a name, a length, data filled up to an even length. */
static bool webp_is_animated(const uint8_t *bytes, size_t size)
{
    enum { FIRST_CHUNK = 12, HEADER = 8 };
    int n_frames = 0;
    for (size_t at = FIRST_CHUNK; size - at >= HEADER;) {
        size_t length = little_endian_32(bytes + at + 4);
        n_frames += memcmp(bytes + at, "ANMF", 4) == 0;
        length += length % 2;
        if (n_frames == 2 || length > size - at - HEADER)
            break;
        at += HEADER + length;
    }
    return n_frames == 2;
}

static bool gif_is_animated(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    return gif_blocks_next_image(bytes, size, &at) && gif_blocks_next_image(bytes, size, &at);
}

/* Of directories that lead to each other in a circle so many are looked at. */
static bool tiff_has_pages(const uint8_t *bytes, size_t size)
{
    enum { MOST_DIRECTORIES = 64, REDUCED_OR_MASK = 1 | 4 };
    struct tiff_directory d;
    bool there = tiff_directory_first(&d, bytes, size) && tiff_directory_next(&d);
    for (int i = 0; there && i < MOST_DIRECTORIES; i++) {
        if ((tiff_directory_value(&d, TIFF_TAG_SUBFILE_TYPE, 0) & REDUCED_OR_MASK) == 0)
            return true;
        there = tiff_directory_next(&d);
    }
    return false;
}

bool image_frames_are_several(const uint8_t *bytes, size_t size)
{
    if (size >= 12 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return webp_is_animated(bytes, size);
    if (size >= 4 && memcmp(bytes, "GIF8", 4) == 0)
        return gif_is_animated(bytes, size);
    return tiff_directory_is_tiff(bytes, size) && tiff_has_pages(bytes, size);
}
