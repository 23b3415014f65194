/* PNG specification, third edition, 5.3: length, type, data, and a CRC over type and data. */
#include "image/png_chunks.h"

#include "image/orientation.h"

#include <stdio.h>
#include <string.h>

enum { LENGTH_BYTES = 4, HEADER_BYTES = 8, FRAME_BYTES = 12, ANCILLARY = 0x20 };

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_type(const uint8_t *chunk, const char *type)
{
    return memcmp(chunk + LENGTH_BYTES, type, 4) == 0;
}

/* By half bytes: the table is made in no time, and what is passed over is short as a rule. */
static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t table[16], crc = UINT32_MAX;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xEDB88320u : table[i] >> 1;
    }
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_text(const uint8_t *chunk)
{
    return is_type(chunk, "tEXt") || is_type(chunk, "zTXt") || is_type(chunk, "iTXt");
}

/* Whether a text's key, which ends with a zero byte, is one that may tell the orientation. */
static bool has_known_key(const uint8_t *chunk, size_t length)
{
    const char *key = (const char *)chunk + HEADER_BYTES;
    return memchr(key, '\0', length) && orientation_text_key(key);
}

/* Between two IDAT chunks there must be nothing: libpng shall see that there is. */
static bool more_pixels_follow(const struct png_chunks *c)
{
    const uint8_t *at = c->at;
    for (size_t left = c->left; left >= FRAME_BYTES;) {
        size_t length = big_endian(at);
        if (is_type(at, "IDAT"))
            return true;
        if (is_type(at, "IEND") || length > left - FRAME_BYTES)
            return false;
        at += FRAME_BYTES + length;
        left -= FRAME_BYTES + length;
    }
    return false;
}

static bool wanted_text(struct png_chunks *c, size_t length)
{
    return c->with_texts && length <= PNG_CHUNKS_MOST_BYTES && has_known_key(c->at, length) &&
           c->n_texts++ < PNG_CHUNKS_MOST_TEXTS;
}

static bool is_wanted(struct png_chunks *c, size_t length)
{
    for (int i = 0; i < 4; i++)
        if (!is_letter(c->at[LENGTH_BYTES + i]))
            return true; /* for libpng to refuse */
    bool ancillary = c->at[LENGTH_BYTES] & ANCILLARY;
    if (!ancillary || !c->begun || (c->in_pixels && more_pixels_follow(c)))
        return true;
    if (is_type(c->at, "eXIf"))
        return c->with_texts && length <= PNG_CHUNKS_MOST_BYTES;
    if (is_text(c->at))
        return wanted_text(c, length);
    return is_type(c->at, "sBIT") || is_type(c->at, "tRNS");
}

static bool ends_early(struct png_chunks *c)
{
    strcpy(c->problem, "unexpected end of file");
    return false;
}

static bool is_too_long(struct png_chunks *c, size_t length)
{
    char type[5] = "";
    for (size_t i = 0; i < 4; i++)
        type[i] = is_letter(c->at[LENGTH_BYTES + i]) ? (char)c->at[LENGTH_BYTES + i] : '?';
    snprintf(c->problem, sizeof c->problem,
             "unexpected end of file: chunk %s is said to have %zu bytes", type, length);
    return false;
}

static bool is_damaged(struct png_chunks *c)
{
    snprintf(c->problem, sizeof c->problem, "%.4s: CRC error", (const char *)c->at + LENGTH_BYTES);
    return false;
}

/* c->at becomes the beginning of the next chunk that is wanted. */
static bool find_chunk(struct png_chunks *c)
{
    for (;;) {
        if (c->left < FRAME_BYTES)
            return ends_early(c);
        size_t length = big_endian(c->at);
        if (length > c->left - FRAME_BYTES)
            return is_too_long(c, length);
        c->present = FRAME_BYTES + length;
        if (is_wanted(c, length)) {
            c->begun = c->begun || is_type(c->at, "IHDR");
            c->in_pixels = is_type(c->at, "IDAT");
            return true;
        }
        if (crc_of(c->at + LENGTH_BYTES, 4 + length) != big_endian(c->at + HEADER_BYTES + length))
            return is_damaged(c);
        c->at += c->present;
        c->left -= c->present;
        c->in_pixels = false;
    }
}

bool png_chunks_read(struct png_chunks *c, uint8_t *out, size_t n)
{
    if (c->present == 0 && !find_chunk(c))
        return false;
    if (n > c->present)
        return ends_early(c);
    memcpy(out, c->at, n);
    c->at += n;
    c->left -= n;
    c->present -= n;
    return true;
}
