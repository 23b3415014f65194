/* Headers alone are read: PNG's IHDR, JPEG's frame (ITU-T T.81, B.2), WebP's first chunk, BMP's
 * header, GIF's first image, TIFF's
 * first directory. */
#include "image/gif_blocks.h"
#include "image/image_decode.h"
#include "image/tiff_directory.h"

#include <string.h>

static uint32_t big_endian(const uint8_t *bytes, int n)
{
    uint32_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* An interlaced PNG is gathered as a whole. */
static size_t png_bytes(const uint8_t *bytes, size_t size)
{
    enum { WIDTH = 16, HEIGHT = 20, INTERLACE = 28 };
    if (size <= INTERLACE || bytes[INTERLACE] == 0)
        return 0;
    return 3 * (size_t)big_endian(bytes + WIDTH, 4) * big_endian(bytes + HEIGHT, 4);
}

/* Coefficients of 16 bits of all components, in whole blocks. frame: behind the length of SOF. */
static size_t coefficient_bytes(const uint8_t *frame, size_t length)
{
    size_t height = big_endian(frame + 1, 2), width = big_endian(frame + 3, 2), sum = 0;
    size_t most_across = 1, most_down = 1, n = frame[5];
    if (length < 6 + 3 * n)
        return 0;
    for (size_t i = 0; i < n; i++) {
        size_t across = frame[7 + 3 * i] >> 4, down = frame[7 + 3 * i] & 15;
        most_across = across > most_across ? across : most_across;
        most_down = down > most_down ? down : most_down;
    }
    size_t mcus = ((width + 8 * most_across - 1) / (8 * most_across)) *
                  ((height + 8 * most_down - 1) / (8 * most_down));
    for (size_t i = 0; i < n; i++)
        sum += mcus * (size_t)(frame[7 + 3 * i] >> 4) * (frame[7 + 3 * i] & 15);
    return sum * 64 * sizeof(int16_t);
}

/* The data of the next frame or scan header, its length in *length; NULL: none before the
 * pixels begin, or at all. */
static const uint8_t *find_segment(size_t *length, const uint8_t *bytes, size_t size, size_t *at)
{
    while (*at + 4 <= size && bytes[*at] == 0xff) {
        size_t n = big_endian(bytes + *at + 2, 2), begin = *at + 4;
        if (n < 2 || begin + n - 2 > size)
            return NULL;
        const uint8_t *segment = bytes + begin;
        uint8_t marker = bytes[*at + 1];
        *at = begin + n - 2;
        *length = n - 2;
        bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame || marker == 0xda)
            return segment;
    }
    return NULL;
}

/* A progressive JPEG is kept as coefficients, and so is one whose components come in several scans.
 */
static size_t jpeg_bytes(const uint8_t *bytes, size_t size)
{
    size_t at = 2, length = 0, scan_length = 0;
    const uint8_t *frame = find_segment(&length, bytes, size, &at);
    if (!frame || length < 6)
        return 0;
    bool progressive = frame[-3] == 0xc2 || frame[-3] == 0xca;
    const uint8_t *scan = progressive ? NULL : find_segment(&scan_length, bytes, size, &at);
    bool whole = progressive || (scan && scan_length > 0 && scan[0] < frame[5]);
    return whole ? coefficient_bytes(frame, length) : 0;
}

static size_t little_endian(const uint8_t *bytes, int n)
{
    size_t value = 0;
    for (int i = n - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* RGB, and of what may be lossless ARGB besides. */
static size_t webp_bytes(const uint8_t *bytes, size_t size)
{
    enum { CHUNK = 12, DATA = CHUNK + 8, MOST_HEADER = DATA + 10 };
    if (size < MOST_HEADER)
        return 0;
    const uint8_t *data = bytes + DATA;
    if (memcmp(bytes + CHUNK, "VP8X", 4) == 0)
        return 7 * (little_endian(data + 4, 3) + 1) * (little_endian(data + 7, 3) + 1);
    if (memcmp(bytes + CHUNK, "VP8L", 4) == 0) {
        size_t sides = little_endian(data + 1, 4);
        return 7 * ((sides & 0x3fff) + 1) * ((sides >> 14 & 0x3fff) + 1);
    }
    return 3 * (little_endian(data + 6, 2) & 0x3fff) * (little_endian(data + 8, 2) & 0x3fff);
}

/* An interlaced image is kept as indices. */
static size_t gif_bytes(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    const uint8_t *image = gif_blocks_next_image(bytes, size, &at);
    if (!image || !(image[8] & GIF_BLOCKS_INTERLACED))
        return 0;
    return little_endian(image + 4, 2) * little_endian(image + 6, 2);
}

/* Planes are kept until all are there, and of tiles those that lie side by side. */
static size_t tiff_bytes(const uint8_t *bytes, size_t size)
{
    struct tiff_directory d;
    if (!tiff_directory_first(&d, bytes, size))
        return 0;
    size_t width = (uint32_t)tiff_directory_value(&d, TIFF_TAG_WIDTH, 0);
    size_t height = (uint32_t)tiff_directory_value(&d, TIFF_TAG_HEIGHT, 0);
    size_t bits = (uint16_t)tiff_directory_value(&d, TIFF_TAG_BITS, 1);
    size_t samples = (uint16_t)tiff_directory_value(&d, TIFF_TAG_SAMPLES, 1);
    size_t across = (uint32_t)tiff_directory_value(&d, TIFF_TAG_TILE_WIDTH, 0);
    size_t down = (uint32_t)tiff_directory_value(&d, TIFF_TAG_TILE_HEIGHT, 0);
    bool in_planes = samples > 1 && tiff_directory_value(&d, TIFF_TAG_PLANAR, 1) == 2;
    if (width == 0 || height > SIZE_MAX / width / 64 || bits > 16 || samples > 8)
        return 0; /* will be refused */
    size_t pixel_bits = bits * samples, kept = in_planes ? width * height * pixel_bits / 8 : 0;
    if (across == 0 || in_planes)
        return kept;
    size_t beside = (width + across - 1) / across * across;
    return beside > SIZE_MAX / 256 / (down + 1) ? 0 : beside * down * pixel_bits / 8;
}

/* Run lengths become indices. */
static size_t bmp_bytes(const uint8_t *bytes, size_t size)
{
    enum { HEADER = 14, WIDTH = 18, HEIGHT = 22, COMPRESSION = 30 };
    if (size < COMPRESSION + 4 || little_endian(bytes + HEADER, 4) < 40)
        return 0;
    size_t compression = little_endian(bytes + COMPRESSION, 4);
    size_t height = little_endian(bytes + HEIGHT, 4);
    height = height >> 31 ? (1ull << 32) - height : height; /* negative: the top row comes first */
    return compression == 1 || compression == 2 ? little_endian(bytes + WIDTH, 4) * height : 0;
}

size_t image_decode_memory(const uint8_t *bytes, size_t size)
{
    if (size >= 4 && memcmp(bytes, "\x89PNG", 4) == 0)
        return png_bytes(bytes, size);
    if (size >= 2 && memcmp(bytes, "\xff\xd8", 2) == 0)
        return jpeg_bytes(bytes, size);
    if (size >= 12 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return webp_bytes(bytes, size);
    if (size >= 4 && memcmp(bytes, "GIF8", 4) == 0)
        return gif_bytes(bytes, size);
    if (tiff_directory_is_tiff(bytes, size))
        return tiff_bytes(bytes, size);
    if (size >= 2 && memcmp(bytes, "BM", 2) == 0)
        return bmp_bytes(bytes, size);
    return 0;
}
