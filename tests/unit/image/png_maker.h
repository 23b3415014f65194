/* PNG files for tests, chunk by chunk, with whatever is wrong in them. */
#ifndef PNG_MAKER_H
#define PNG_MAKER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct png_maker {
    uint8_t *bytes;
    size_t n;
};

static inline void png_put(struct png_maker *m, const void *bytes, size_t n)
{
    m->bytes = realloc(m->bytes, m->n + n + 1);
    memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
}

static inline void png_put_32(struct png_maker *m, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};
    png_put(m, bytes, 4);
}

static inline uint32_t png_crc(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static inline void png_chunk(struct png_maker *m, const char *type, const void *data, size_t n)
{
    png_put_32(m, (uint32_t)n);
    size_t begin = m->n;
    png_put(m, type, 4);
    png_put(m, data, n);
    png_put_32(m, png_crc(m->bytes + begin, m->n - begin));
}

/* Signature and IHDR. colour: 0 grey, 2 RGB, 4 grey and alpha, 6 RGB and alpha. */
static inline void png_begin(struct png_maker *m, uint32_t width, uint32_t height, int depth,
                             int colour, bool interlaced)
{
    const uint8_t rest[] = {(uint8_t)depth, (uint8_t)colour, 0, 0, interlaced};
    struct png_maker header = {0};
    *m = (struct png_maker){0};
    png_put(m, "\x89PNG\r\n\x1a\n", 8);
    png_put_32(&header, width);
    png_put_32(&header, height);
    png_put(&header, rest, 5);
    png_chunk(m, "IHDR", header.bytes, header.n);
    free(header.bytes);
}

static inline uint32_t png_adler(const uint8_t *bytes, size_t n)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* raw, of less than 65536 bytes, as a stored block of zlib's. */
static inline void png_pixels(struct png_maker *m, const uint8_t *raw, size_t n)
{
    struct png_maker data = {0};
    const uint8_t head[] = {
        0x78, 0x01, 1, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)};
    png_put(&data, head, sizeof head);
    png_put(&data, raw, n);
    png_put_32(&data, png_adler(raw, n));
    png_chunk(m, "IDAT", data.bytes, data.n);
    free(data.bytes);
}

static inline void png_end(struct png_maker *m)
{
    png_chunk(m, "IEND", "", 0);
}

#endif
