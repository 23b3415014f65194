/* libtiff's own way to RGB blends alpha and keeps the image as a whole; here its scanlines and
 * tiles become rows. Its messages come by callbacks, and reach no terminal. */
#include "image/decode_tiff.h"

#ifndef ATK_TIFF

enum status decode_tiff(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err)
{
    (void)rows, (void)bytes, (void)size, (void)limits;
    return error_set(err, "a TIFF file; this atk-train was built without libtiff (apt install "
                          "libtiff-dev and build again, or convert FILE FILE.png)");
}

#else

#include "base/memory.h"
#include "image/tiff_directory.h"
#include "image/tiff_samples.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

/* What a file's directory, its tables and one strip or tile may take, besides the image's own
 * bytes. */
#define SPARE_BYTES ((size_t)32 << 20)
enum { MOST_SAMPLES = 8 };

/* All zero is fine to free. */
struct reader {
    TIFF *tiff;
    const uint8_t *bytes;
    size_t size;
    uint64_t at; /* where libtiff reads */
    int width, height;
    struct tiff_samples samples;
    bool in_planes, in_pixels, warned;
    size_t row_bytes;  /* of one row of one plane, or of the only one */
    uint8_t *row;      /* [row_bytes], or longer where tiles go beyond the image */
    uint8_t *tiles;    /* those that lie side by side */
    uint8_t *planes;   /* [samples, height, row_bytes] */
    uint8_t *together; /* a row of all planes */
    uint32_t tile_width, tile_height, n_across;
    size_t tile_bytes, tile_row_bytes;
    char problem[200];
    struct rows *rows;
    const struct image_limits *limits;
    struct error *err;
};

/* ---- what libtiff calls ---- */

/* The first message tells the cause. */
static void note(struct reader *r, const char *format, va_list arguments)
{
    if (r->problem[0] == '\0')
        vsnprintf(r->problem, sizeof r->problem, format, arguments);
}

static int on_error(TIFF *tiff, void *data, const char *module, const char *format,
                    va_list arguments)
{
    (void)tiff, (void)module;
    note(data, format, arguments);
    return 1; /* and nothing is printed */
}

/* Directories are full of what libtiff wonders about and that does no harm. */
static int on_warning(TIFF *tiff, void *data, const char *module, const char *format,
                      va_list arguments)
{
    struct reader *r = data;
    (void)tiff, (void)module;
    if (r->in_pixels) {
        note(r, format, arguments);
        r->warned = true;
    }
    return 1;
}

static tmsize_t on_read(thandle_t data, void *out, tmsize_t n)
{
    struct reader *r = data;
    uint64_t left = r->at < r->size ? r->size - r->at : 0;
    size_t given = (uint64_t)n < left ? (size_t)n : (size_t)left;

    memcpy(out, r->bytes + (left > 0 ? r->at : 0), given);
    r->at += given;
    return (tmsize_t)given;
}

static tmsize_t on_write(thandle_t data, void *bytes, tmsize_t n)
{
    (void)data, (void)bytes, (void)n;
    return -1;
}

static toff_t on_seek(thandle_t data, toff_t offset, int whence)
{
    struct reader *r = data;
    uint64_t from = whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->size : 0;

    r->at = from + offset;
    return r->at;
}

static int on_close(thandle_t data)
{
    (void)data;
    return 0;
}

static toff_t on_size(thandle_t data)
{
    const struct reader *r = data;
    return r->size;
}

/* The file is in memory: libtiff reads it there, and writes nothing to it. */
static int on_map(thandle_t data, void **base, toff_t *size)
{
    const struct reader *r = data;
    union {
        const uint8_t *bytes;
        void *base;
    } u = {.bytes = r->bytes};

    *base = u.base;
    *size = r->size;
    return 1;
}

static void on_unmap(thandle_t data, void *base, toff_t size)
{
    (void)data, (void)base, (void)size;
}

/* Should any message go by the handlers of this file. */
static void silence(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
}

/* ---- the header ---- */

static enum status damaged(struct reader *r)
{
    return error_set(r->err, "a TIFF file that cannot be decoded: %s",
                     r->problem[0] != '\0' ? r->problem : "it is truncated or damaged");
}

static enum status refused(struct reader *r, const char *what, unsigned value)
{
    return error_set(r->err,
                     "a TIFF file of a kind that is not read: %s %u (convert FILE FILE.png)", what,
                     value);
}

/* libtiff keeps what entries of the directory say is theirs: thousands may claim the same bytes. */
static enum status open_file(struct reader *r)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct tiff_directory d;

    pthread_once(&once, silence);
    if (!tiff_directory_first(&d, r->bytes, r->size))
        return damaged(r);
    if (tiff_directory_bytes(&d) > r->size) {
        snprintf(r->problem, sizeof r->problem, "its directory has more values than it has bytes");
        return damaged(r);
    }
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return error_memory(r->err, 1, "libtiff");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(SPARE_BYTES + 2 * r->size));
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    r->tiff = TIFFClientOpenExt("TIFF", "r", r, on_read, on_write, on_seek, on_close, on_size,
                                on_map, on_unmap, options);
    TIFFOpenOptionsFree(options);
    return r->tiff ? STATUS_OK : damaged(r);
}

static unsigned get(struct reader *r, uint32_t tag, unsigned otherwise)
{
    uint16_t value;
    return TIFFGetFieldDefaulted(r->tiff, tag, &value) ? value : otherwise;
}

static enum status find_size(struct reader *r)
{
    uint32_t width = 0, height = 0;

    TIFFGetField(r->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(r->tiff, TIFFTAG_IMAGELENGTH, &height);
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        return error_set(r->err, "a TIFF file that cannot be decoded: %u x %u pixels", width,
                         height);
    r->width = (int)width;
    r->height = (int)height;
    return image_check_size(r->width, r->height, r->limits, r->err);
}

/* Others keep large tables of their own, or need libraries that may not be there. */
static enum status check_compression(struct reader *r)
{
    static const uint16_t known[] = {
        COMPRESSION_NONE,      COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
        COMPRESSION_CCITTFAX4, COMPRESSION_LZW,      COMPRESSION_ADOBE_DEFLATE,
        COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS, COMPRESSION_JPEG,
    };
    unsigned compression = get(r, TIFFTAG_COMPRESSION, 0);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (compression == known[i] && TIFFIsCODECConfigured(known[i]))
            return STATUS_OK;
    return refused(r, "compression", compression);
}

static enum status find_palette(struct reader *r)
{
    uint16_t *map[3];

    if (!TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
        return damaged(r);
    for (size_t i = 0; i < (size_t)1 << r->samples.bits; i++)
        for (size_t c = 0; c < 3; c++)
            r->samples.palette[i][c] = (uint8_t)(map[c][i] >> 8);
    return STATUS_OK;
}

static enum status find_colours(struct reader *r)
{
    struct tiff_samples *s = &r->samples;
    unsigned kind = get(r, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    bool is_jpeg = get(r, TIFFTAG_COMPRESSION, 0) == COMPRESSION_JPEG;

    switch (kind) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        s->colours = TIFF_GREY;
        s->zero_is_white = kind == PHOTOMETRIC_MINISWHITE;
        return STATUS_OK;
    case PHOTOMETRIC_PALETTE:
        s->colours = TIFF_PALETTE;
        return s->bits <= 8 ? find_palette(r) : refused(r, "a palette for bits:", s->bits);
    case PHOTOMETRIC_RGB:
        s->colours = TIFF_RGB;
        return STATUS_OK;
    case PHOTOMETRIC_SEPARATED:
        s->colours = TIFF_CMYK;
        return get(r, TIFFTAG_INKSET, INKSET_CMYK) == INKSET_CMYK ? STATUS_OK
                                                                  : refused(r, "inks", 2);
    case PHOTOMETRIC_YCBCR: /* libjpeg makes it RGB */
        s->colours = TIFF_RGB;
        if (!is_jpeg || get(r, TIFFTAG_PLANARCONFIG, 1) != PLANARCONFIG_CONTIG)
            return refused(r, "colours", kind);
        return TIFFSetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) ? STATUS_OK
                                                                               : damaged(r);
    default:
        return refused(r, "colours", kind);
    }
}

static enum status check_samples(struct reader *r)
{
    struct tiff_samples *s = &r->samples;
    size_t n_colours = tiff_samples_colours(s);
    uint16_t n_extra = 0, *extra = NULL;

    if (s->n < n_colours || s->n > MOST_SAMPLES)
        return refused(r, "samples of a pixel:", (unsigned)s->n);
    if (s->bits < 8 && s->n > 1)
        return refused(r, "several samples of bits:", s->bits);
    if (s->n > n_colours &&
        TIFFGetFieldDefaulted(r->tiff, TIFFTAG_EXTRASAMPLES, &n_extra, &extra) && n_extra > 0 &&
        extra[0] == EXTRASAMPLE_ASSOCALPHA)
        s->is_premultiplied = s->colours != TIFF_PALETTE;
    return STATUS_OK;
}

static enum status read_header(struct reader *r)
{
    struct tiff_samples *s = &r->samples;
    unsigned format;

    if (open_file(r) != STATUS_OK || find_size(r) != STATUS_OK || check_compression(r) != STATUS_OK)
        return r->err->status;
    s->bits = get(r, TIFFTAG_BITSPERSAMPLE, 1);
    s->n = get(r, TIFFTAG_SAMPLESPERPIXEL, 1);
    if (s->bits != 1 && s->bits != 2 && s->bits != 4 && s->bits != 8 && s->bits != 16)
        return refused(r, "bits of a sample:", s->bits);
    format = get(r, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    if (format != SAMPLEFORMAT_UINT)
        return refused(r, "format of samples", format);
    if (find_colours(r) != STATUS_OK || check_samples(r) != STATUS_OK)
        return r->err->status;
    unsigned orientation = get(r, TIFFTAG_ORIENTATION, 1);
    if (r->limits->apply_exif && orientation >= 1 && orientation <= 8)
        r->rows->found = (int)orientation;
    r->rows->orientation = r->rows->found;
    return STATUS_OK;
}

/* ---- rows of samples ---- */

static enum status plan_tiles(struct reader *r, size_t samples_together)
{
    uint32_t width = (uint32_t)r->width;

    if (!TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &r->tile_width) ||
        !TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &r->tile_height) || r->tile_width < 1 ||
        r->tile_height < 1 || r->tile_width > INT32_MAX)
        return damaged(r);
    r->tile_row_bytes = ((size_t)r->tile_width * samples_together * r->samples.bits + 7) / 8;
    r->n_across = (width + r->tile_width - 1) / r->tile_width;
    size_t room = SPARE_BYTES + r->row_bytes * (size_t)r->height;
    if (r->tile_row_bytes * r->n_across > room / r->tile_height)
        return error_set(r->err, "a TIFF file that cannot be decoded: tiles of %u x %u for %d x %d",
                         r->tile_width, r->tile_height, r->width, r->height);
    r->tile_bytes = r->tile_row_bytes * r->tile_height;
    if ((uint64_t)TIFFTileSize64(r->tiff) != r->tile_bytes || r->tile_width % 8 != 0)
        return damaged(r); /* would overrun the buffer: never trust, check */
    r->tiles = memory_array(r->n_across, r->tile_bytes, "tiles", r->err);
    r->row = memory_array(r->n_across, r->tile_row_bytes, "a row of samples", r->err);
    return r->tiles && r->row ? STATUS_OK : r->err->status;
}

static enum status plan_rows(struct reader *r)
{
    r->in_planes = r->samples.n > 1 && get(r, TIFFTAG_PLANARCONFIG, 1) == PLANARCONFIG_SEPARATE;
    size_t together = r->in_planes ? 1 : r->samples.n;
    r->row_bytes = ((size_t)r->width * together * r->samples.bits + 7) / 8;
    if (TIFFIsTiled(r->tiff))
        return plan_tiles(r, together);
    if ((uint64_t)TIFFScanlineSize64(r->tiff) != r->row_bytes)
        return damaged(r); /* as above */
    r->row = memory_array(r->row_bytes, 1, "a row of samples", r->err);
    return r->row ? STATUS_OK : r->err->status;
}

static enum status read_tiles(struct reader *r, uint32_t y, uint16_t plane)
{
    for (uint32_t i = 0; i < r->n_across; i++)
        if (TIFFReadTile(r->tiff, r->tiles + i * r->tile_bytes, i * r->tile_width, y, 0, plane) !=
            (tmsize_t)r->tile_bytes)
            return damaged(r);
    return STATUS_OK;
}

/* r->row = the next one of the plane; rows come in order. */
static enum status read_row(struct reader *r, uint32_t y, uint16_t plane)
{
    enum status status = STATUS_OK;

    if (!r->tiles) {
        status = TIFFReadScanline(r->tiff, r->row, y, plane) == 1 ? STATUS_OK : damaged(r);
    } else {
        if (y % r->tile_height == 0)
            status = read_tiles(r, y, plane);
        for (uint32_t i = 0; i < r->n_across; i++)
            memcpy(r->row + i * r->tile_row_bytes,
                   r->tiles + i * r->tile_bytes + y % r->tile_height * r->tile_row_bytes,
                   r->tile_row_bytes);
    }
    return status == STATUS_OK && r->warned ? damaged(r) : status;
}

static void push(struct reader *r, const uint8_t *samples)
{
    tiff_samples_to_rgb(&r->samples, rows_next(r->rows), samples, (size_t)r->width);
    rows_push(r->rows);
}

/* Planes stand one behind the other in the file: all that make colours are read before the first
 * row is whole. Samples are bytes or pairs of bytes here. */
static enum status read_planes(struct reader *r)
{
    size_t n = tiff_samples_colours(&r->samples) + (r->samples.is_premultiplied ? 1 : 0);
    size_t height = (size_t)r->height, plane_bytes = r->row_bytes * height,
           sample_bytes = r->samples.bits / 8;

    r->planes = memory_array(n, plane_bytes, "planes", r->err);
    r->together = memory_array(n, r->row_bytes, "a row of samples", r->err);
    if (!r->planes || !r->together)
        return r->err->status;
    for (size_t i = 0; i < n; i++)
        for (size_t y = 0; y < height; y++) {
            if (read_row(r, (uint32_t)y, (uint16_t)i) != STATUS_OK)
                return r->err->status;
            memcpy(r->planes + i * plane_bytes + y * r->row_bytes, r->row, r->row_bytes);
        }
    r->samples.n = n;
    for (size_t y = 0; y < height; y++) {
        for (size_t i = 0; i < n; i++)
            for (size_t x = 0; x < (size_t)r->width; x++)
                memcpy(r->together + (x * n + i) * sample_bytes,
                       r->planes + i * plane_bytes + y * r->row_bytes + x * sample_bytes,
                       sample_bytes);
        push(r, r->together);
    }
    return STATUS_OK;
}

static enum status read_pixels(struct reader *r)
{
    const struct rows_source source = {r->width, r->height, r->width, r->height};

    r->in_pixels = true;
    if (plan_rows(r) != STATUS_OK || rows_begin(r->rows, &source, r->err) != STATUS_OK)
        return r->err->status;
    if (r->in_planes)
        return read_planes(r);
    for (uint32_t y = 0; y < (uint32_t)r->height; y++) {
        if (read_row(r, y, 0) != STATUS_OK)
            return r->err->status;
        push(r, r->row);
    }
    return STATUS_OK;
}

enum status decode_tiff(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err)
{
    struct reader r = {.bytes = bytes, .size = size, .rows = rows, .limits = limits, .err = err};

    rows->found = 1;
    enum status status = read_header(&r);
    if (status == STATUS_OK)
        status = read_pixels(&r);
    if (r.tiff)
        TIFFClose(r.tiff);
    free(r.row);
    free(r.tiles);
    free(r.planes);
    free(r.together);
    return status;
}

#endif
