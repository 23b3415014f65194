/* Everything is little-endian. The file header: "BM", its size, two zeros, where the pixels begin;
 * behind it the header that names its own size, bit masks, the palette. */
#include "image/decode_bmp.h"

#include "base/memory.h"
#include "image/bmp_runs.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 14, MOST_COLOURS = 256 };
enum { PLAIN = 0, RUNS_8 = 1, RUNS_4 = 2, BIT_FIELDS = 3 };

/* A colour in a pixel of 16 or 32 bits. */
struct field {
    uint32_t shift, most; /* most: when all of its bits are set; 0: it has none */
};

struct reader {
    const uint8_t *bytes;
    size_t size;
    int width, height, bits;
    bool top_down;
    uint32_t compression;
    size_t palette_at, pixels_at;
    size_t n_colours, entry_bytes;
    uint8_t palette[MOST_COLOURS][3];
    struct field field[3]; /* red, green, blue */
    uint8_t *indices;      /* [height, width] of run lengths, as stored */
    struct rows *rows;
    const struct image_limits *limits;
    struct error *err;
};

static enum status damaged(struct error *err, const char *why)
{
    return error_set(err, "a BMP file that cannot be decoded: %s", why);
}

/* The caller has seen that they are there. */
static uint32_t get(const uint8_t *at, int n)
{
    uint32_t value = 0;
    for (int i = n - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/* ---- headers ---- */

static enum status take_size(struct reader *r, int64_t width, int64_t height)
{
    r->top_down = height < 0;
    height = height < 0 ? -height : height;
    if (width < 1 || height < 1 || height > INT32_MAX)
        return error_set(r->err, "a BMP file that cannot be decoded: %lld x %lld pixels",
                         (long long)width, (long long)height);
    r->width = (int)width;
    r->height = (int)height;
    return image_check_size(r->width, r->height, r->limits, r->err);
}

static enum status take_field(struct reader *r, int colour, uint32_t mask)
{
    struct field *f = &r->field[colour];
    uint32_t shift = 0;

    *f = (struct field){0};
    if (mask == 0)
        return STATUS_OK;
    while ((mask >> shift & 1) == 0)
        shift++;
    *f = (struct field){shift, mask >> shift};
    return (f->most & (f->most + 1)) == 0 ? STATUS_OK
                                          : damaged(r->err, "a bit field that is not in one piece");
}

/* Without bit fields, or where all are 0: 5 bits each, or bytes. */
static enum status take_fields(struct reader *r, const uint8_t *masks)
{
    static const uint32_t usual_16[3] = {0x7C00, 0x3E0, 0x1F},
                          usual_32[3] = {0xFF0000, 0xFF00, 0xFF};
    bool given = masks && (get(masks, 4) | get(masks + 4, 4) | get(masks + 8, 4)) != 0;

    for (int c = 0; c < 3; c++)
        if (take_field(r, c,
                       given           ? get(masks + 4 * c, 4)
                       : r->bits == 16 ? usual_16[c]
                                       : usual_32[c]) != STATUS_OK)
            return r->err->status;
    return STATUS_OK;
}

static enum status check_kind(struct reader *r)
{
    bool indexed = r->bits == 1 || r->bits == 4 || r->bits == 8;
    bool direct = r->bits == 16 || r->bits == 24 || r->bits == 32;
    bool known = r->compression == PLAIN        ? indexed || direct
                 : r->compression == RUNS_8     ? r->bits == 8
                 : r->compression == RUNS_4     ? r->bits == 4
                 : r->compression == BIT_FIELDS ? direct
                                                : false;

    if (!known)
        return error_set(r->err,
                         "a BMP file of a kind that is not read: %d bits, compression %u "
                         "(convert FILE FILE.png)",
                         r->bits, r->compression);
    return STATUS_OK;
}

/* Of the palette only what pixels can point to counts. */
static void read_palette(struct reader *r)
{
    size_t most = (size_t)1 << r->bits, room = 0;

    if (r->n_colours == 0 || r->n_colours > most)
        r->n_colours = most;
    if (r->palette_at < r->size)
        room = (r->size - r->palette_at) / r->entry_bytes;
    r->n_colours = r->n_colours < room ? r->n_colours : room;
    for (size_t i = 0; i < r->n_colours; i++)
        for (size_t c = 0; c < 3; c++)
            r->palette[i][c] = r->bytes[r->palette_at + i * r->entry_bytes + 2 - c];
}

static enum status read_info(struct reader *r, const uint8_t *header, size_t header_bytes)
{
    r->bits = (int)get(header + 14, 2);
    r->compression = get(header + 16, 4);
    r->n_colours = get(header + 32, 4);
    r->entry_bytes = 4;
    if (take_size(r, (int32_t)get(header + 4, 4), (int32_t)get(header + 8, 4)) != STATUS_OK ||
        check_kind(r) != STATUS_OK)
        return r->err->status;
    const uint8_t *masks = NULL;
    if (r->compression == BIT_FIELDS) {
        if (r->size < FILE_HEADER + 40 + 12)
            return damaged(r->err, "its header is truncated");
        masks = header + 40; /* inside of longer headers, or behind this one */
        if (header_bytes == 40)
            r->palette_at += 12;
    }
    return r->bits == 16 || r->bits == 32 ? take_fields(r, masks) : STATUS_OK;
}

static enum status read_core(struct reader *r, const uint8_t *header)
{
    r->bits = (int)get(header + 10, 2);
    r->entry_bytes = 3;
    if (take_size(r, get(header + 4, 2), get(header + 6, 2)) != STATUS_OK ||
        check_kind(r) != STATUS_OK)
        return r->err->status;
    return r->bits == 16 || r->bits == 32 ? take_fields(r, NULL) : STATUS_OK;
}

static enum status read_header(struct reader *r)
{
    const uint8_t *header = r->bytes + FILE_HEADER;
    size_t header_bytes = r->size < FILE_HEADER + 4 ? 0 : get(header, 4);

    if (r->size < FILE_HEADER + 4 || header_bytes > r->size - FILE_HEADER)
        return damaged(r->err, "its header is truncated");
    r->palette_at = FILE_HEADER + header_bytes;
    r->pixels_at = get(r->bytes + 10, 4);
    switch (header_bytes) {
    case 12:
        if (read_core(r, header) != STATUS_OK)
            return r->err->status;
        break;
    case 40:
    case 52:
    case 56:
    case 64:
    case 108:
    case 124:
        if (read_info(r, header, header_bytes) != STATUS_OK)
            return r->err->status;
        break;
    default:
        return error_set(r->err, "a BMP file that cannot be decoded: a header of %zu bytes",
                         header_bytes);
    }
    if (r->bits <= 8)
        read_palette(r);
    if (r->pixels_at < FILE_HEADER + header_bytes || r->pixels_at > r->size)
        return damaged(r->err, "its pixels are not where its header says");
    return STATUS_OK;
}

/* ---- pixels ---- */

static enum status put_index(struct reader *r, uint8_t *rgb, unsigned index)
{
    if (index >= r->n_colours)
        return error_set(r->err, "a BMP file that cannot be decoded: colour %u of a palette of %zu",
                         index, r->n_colours);
    memcpy(rgb, r->palette[index], 3);
    return STATUS_OK;
}

static enum status put_packed_row(struct reader *r, uint8_t *rgb, const uint8_t *in)
{
    unsigned bits = (unsigned)r->bits, per_byte = 8 / bits, mask = (1u << bits) - 1;

    for (unsigned x = 0; x < (unsigned)r->width; x++) {
        unsigned shift = 8 - bits * (x % per_byte + 1);
        if (put_index(r, rgb + 3 * (size_t)x, (unsigned)in[x / per_byte] >> shift & mask) !=
            STATUS_OK)
            return r->err->status;
    }
    return STATUS_OK;
}

/* Up to 8 bits are stretched to 0..255, more are cut. */
static uint8_t value_of(const struct field *f, uint32_t pixel)
{
    uint32_t value = pixel >> f->shift & f->most;
    if (f->most == 0)
        return 0;
    if (f->most <= 255)
        return (uint8_t)(value * 255 / f->most);
    return (uint8_t)((uint64_t)value * 256 / ((uint64_t)f->most + 1));
}

static void put_fields_row(const struct reader *r, uint8_t *rgb, const uint8_t *in)
{
    size_t n = (size_t)r->bits / 8;

    for (size_t x = 0; x < (size_t)r->width; x++) {
        uint32_t pixel = get(in + n * x, (int)n);
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = value_of(&r->field[c], pixel);
    }
}

static void put_bgr_row(const struct reader *r, uint8_t *rgb, const uint8_t *in)
{
    for (size_t x = 0; x < (size_t)r->width; x++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = in[3 * x + 2 - c];
}

static enum status put_row(struct reader *r, uint8_t *rgb, size_t stored_row, size_t row_bytes)
{
    const uint8_t *in = r->bytes + r->pixels_at + stored_row * row_bytes;

    if (r->bits <= 8)
        return put_packed_row(r, rgb, in);
    if (r->bits == 24)
        put_bgr_row(r, rgb, in);
    else
        put_fields_row(r, rgb, in);
    return STATUS_OK;
}

static enum status put_run_row(struct reader *r, uint8_t *rgb, size_t stored_row)
{
    const uint8_t *in = r->indices + stored_row * (size_t)r->width;

    for (size_t x = 0; x < (size_t)r->width; x++)
        if (put_index(r, rgb + 3 * x, in[x]) != STATUS_OK)
            return r->err->status;
    return STATUS_OK;
}

static enum status read_runs(struct reader *r)
{
    const char *problem = NULL;

    r->indices = memory_array((size_t)r->width, (size_t)r->height, "image", r->err);
    if (!r->indices)
        return r->err->status;
    problem = bmp_runs_read(r->indices, r->width, r->height, r->bytes + r->pixels_at,
                            r->size - r->pixels_at, r->compression == RUNS_4);
    return problem ? damaged(r->err, problem) : STATUS_OK;
}

static enum status read_image(struct reader *r)
{
    if (read_header(r) != STATUS_OK)
        return r->err->status;
    bool runs = r->compression == RUNS_8 || r->compression == RUNS_4;
    size_t height = (size_t)r->height;
    size_t row_bytes = ((size_t)r->width * (size_t)r->bits + 31) / 32 * 4; /* in whole words */
    if (!runs && (r->size - r->pixels_at) / row_bytes < height)
        return damaged(r->err, "it is truncated");
    if (runs && read_runs(r) != STATUS_OK)
        return r->err->status;
    const struct rows_source source = {r->width, r->height, r->width, r->height};
    if (rows_begin(r->rows, &source, r->err) != STATUS_OK)
        return r->err->status;
    for (size_t y = 0; y < height; y++) {
        size_t stored_row = r->top_down ? y : height - 1 - y;
        uint8_t *rgb = rows_next(r->rows);
        if ((runs ? put_run_row(r, rgb, stored_row) : put_row(r, rgb, stored_row, row_bytes)) !=
            STATUS_OK)
            return r->err->status;
        rows_push(r->rows);
    }
    return STATUS_OK;
}

enum status decode_bmp(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    struct reader r = {.bytes = bytes, .size = size, .rows = rows, .limits = limits, .err = err};

    rows->found = 1;
    enum status status = read_image(&r);
    free(r.indices);
    return status;
}
