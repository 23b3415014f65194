/* libpng's ordinary interface: its simplified one applies gamma and blends alpha. As in
 * decode_jpeg.c, decode_png() owns the state, land_here() is where a longjmp lands, read_image()
 * calls the library.
 *
 * libdeflate would inflate a photo in 0.8 ms instead of zlib's 1.7, of 4.1 for all of it at 448:
 * but only as a whole, with all rows in memory, and then filters were to be undone by own code. */
#include "image/decode_png.h"

#include "base/memory.h"
#include "image/orientation.h"
#include "image/png_chunks.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

enum { SIGNATURE_BYTES = 8 };

/* How the samples of an image of 16 bits fill them. */
enum fill {
    FILL_UNKNOWN,
    FILL_HIGH, /* up to the highest bit: what counts are the high bytes */
    FILL_LOW   /* all are below 2^bits, as a camera writes them that leaves the scaling to others */
};

struct reader {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    struct png_chunks chunks;
    enum fill fill;
    int bits; /* what sBIT says, when it says less than 16 */
    struct rows *rows;
    uint8_t *row16;     /* one, while the fill is found */
    struct image whole; /* of an interlaced image, whose rows come several times */
    size_t missing;     /* bytes that libpng asked for and did not get */
    const struct image_limits *limits;
    struct error *err;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct reader *r = png_get_error_ptr(png);

    if (r->missing > 0)
        error_memory(r->err, r->missing, "libpng");
    else
        error_set(r->err, "PNG cannot be decoded: %s", text);
    longjmp(r->escape, 1);
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t n)
{
    struct reader *r = png_get_mem_ptr(png);
    void *memory = malloc(n);

    if (!memory)
        r->missing = n;
    return memory;
}

static void on_free(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

/* libpng warns of what leaves the pixels whole: a wrong profile, a misplaced text. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep data, size_t n)
{
    struct reader *r = png_get_io_ptr(png);

    if (!png_chunks_read(&r->chunks, data, n))
        png_error(png, r->chunks.problem);
}

/* ---- 16 bits ---- */

/* The samples of a row of 16 bits that hold colours. */
static void note_largest(unsigned *largest, const uint8_t *row, size_t width, int channels,
                         int n_colours)
{
    for (size_t x = 0; x < width; x++)
        for (int c = 0; c < n_colours; c++) {
            const uint8_t *sample = row + 2 * (x * (size_t)channels + (size_t)c);
            unsigned value = (unsigned)sample[0] << 8 | sample[1];
            *largest = value > *largest ? value : *largest;
        }
}

/* sBIT is honoured where it is true: files that spread their samples over all 16 bits, as the
 * specification asks for, say with it where they came from. The other kind can be told by its
 * samples alone, so the image is read twice. */
static enum status find_fill(struct reader *r)
{
    int channels = png_get_channels(r->png, r->info);
    png_uint_32 width = png_get_image_width(r->png, r->info);
    png_uint_32 height = png_get_image_height(r->png, r->info);
    unsigned largest = 0;

    if (image_check_size((int)width, (int)height, r->limits, r->err) != STATUS_OK)
        return r->err->status;
    int n_passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    r->row16 = memory_array(1, png_get_rowbytes(r->png, r->info), "a row of 16 bits", r->err);
    if (!r->row16)
        return r->err->status;
    for (size_t i = 0; i < (size_t)height * (size_t)n_passes; i++) {
        png_read_row(r->png, r->row16, NULL);
        note_largest(&largest, r->row16, width, channels, channels < 3 ? 1 : 3);
    }
    r->fill = largest >> r->bits == 0 ? FILL_LOW : FILL_HIGH;
    return STATUS_OK;
}

/* How many bits of 16 the file says its colours have; 16: all of them. */
static int significant_bits(const struct reader *r)
{
    png_color_8p bits;

    if (png_get_bit_depth(r->png, r->info) != 16 ||
        png_get_sBIT(r->png, r->info, &bits) != PNG_INFO_sBIT)
        return 16;
    if (!(png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_COLOR))
        return bits->gray;
    int most = bits->red > bits->green ? bits->red : bits->green;
    return most > bits->blue ? most : bits->blue;
}

/* A row of 16 bits, of which the low ones are used, becomes one of 8, from left to right. */
static void stretch_row(png_structp png, png_row_infop info, png_bytep row)
{
    const struct reader *r = png_get_user_transform_ptr(png);
    size_t n = (size_t)info->width * info->channels;
    unsigned most = (1u << r->bits) - 1;

    for (size_t i = 0; i < n; i++) {
        unsigned value = (unsigned)row[2 * i] << 8 | row[2 * i + 1];
        row[i] = (uint8_t)(r->bits >= 8 ? value >> (r->bits - 8) : value * 255 / most);
    }
    info->bit_depth = 8;
    info->pixel_depth = (png_byte)(8 * info->channels);
    info->rowbytes = n;
}

/* Asks for RGB of 8 bits, whatever is stored. strip_16 takes the high byte (scale_16 would round
 * it), which is what PIL and OpenCV do. Returns the number of passes over the image. */
static int choose_transforms(struct reader *r)
{
    png_set_expand(r->png); /* palette and 1, 2, 4 bits -> 8 bits; transparency -> alpha */
    png_set_gray_to_rgb(r->png);
    png_set_strip_alpha(r->png);
    if (r->fill == FILL_LOW) {
        png_set_read_user_transform_fn(r->png, stretch_row);
        png_set_user_transform_info(r->png, r, 8, 3);
    } else {
        png_set_strip_16(r->png);
    }
    return png_set_interlace_handling(r->png);
}

/* ---- the image ---- */

/* eXIf is the standard's way; before 2017 there was none, and ImageMagick and Adobe put it into
 * text. */
static enum status find_orientation(struct reader *r)
{
    png_bytep exif;
    png_uint_32 size;
    png_textp text;
    int n_texts;

    if (!r->limits->apply_exif)
        return STATUS_OK;
    if (png_get_eXIf_1(r->png, r->info, &size, &exif) != 0) {
        r->rows->found = orientation_from_exif(exif, size);
        return STATUS_OK;
    }
    n_texts = png_get_text(r->png, r->info, &text, NULL);
    for (int i = 0; i < n_texts && r->rows->found == 1; i++) {
        if (orientation_from_text(&r->rows->found, text[i].key, text[i].text, r->err) != STATUS_OK)
            return r->err->status;
    }
    return STATUS_OK;
}

static enum status read_rows(struct reader *r, png_uint_32 height)
{
    for (png_uint_32 y = 0; y < height; y++) {
        png_read_row(r->png, rows_next(r->rows), NULL);
        rows_push(r->rows);
    }
    return STATUS_OK;
}

static enum status read_interlaced(struct reader *r, png_uint_32 width, png_uint_32 height,
                                   int n_passes)
{
    size_t row_bytes = 3 * (size_t)width;

    if (image_create(&r->whole, (int)width, (int)height, r->err) != STATUS_OK)
        return r->err->status;
    while (n_passes-- > 0)
        for (png_uint_32 y = 0; y < height; y++)
            png_read_row(r->png, r->whole.rgb + row_bytes * y, NULL);
    for (png_uint_32 y = 0; y < height; y++) {
        memcpy(rows_next(r->rows), r->whole.rgb + row_bytes * y, row_bytes);
        rows_push(r->rows);
    }
    return STATUS_OK;
}

static enum status begin(struct reader *r)
{
    r->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r, on_malloc,
                                      on_free);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info)
        return error_memory(r->err, r->missing, "libpng");
    png_set_read_fn(r->png, r, on_read);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    /* The limit on pixels is ours: libpng's own would refuse sides above a million. */
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(r->png, PNG_CHUNKS_MOST_BYTES);
    png_set_sig_bytes(r->png, SIGNATURE_BYTES);
    return STATUS_OK;
}

static enum status read_pixels(struct reader *r)
{
    png_uint_32 width = png_get_image_width(r->png, r->info);
    png_uint_32 height = png_get_image_height(r->png, r->info);
    const struct rows_source source = {(int)width, (int)height, width, height};
    int n_passes;

    if (image_check_size((int)width, (int)height, r->limits, r->err) != STATUS_OK ||
        rows_begin(r->rows, &source, r->err) != STATUS_OK)
        return r->err->status;
    n_passes = choose_transforms(r);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != 3 * (size_t)width)
        png_error(r->png, "rows are not RGB"); /* would overrun the buffer: never trust, check */
    return n_passes == 1 ? read_rows(r, height) : read_interlaced(r, width, height, n_passes);
}

static enum status read_image(struct reader *r)
{
    if (begin(r) != STATUS_OK)
        return r->err->status;
    png_read_info(r->png, r->info);
    r->bits = significant_bits(r);
    if (r->bits < 16 && r->bits > 0 && r->fill == FILL_UNKNOWN)
        return find_fill(r);
    if (find_orientation(r) != STATUS_OK)
        return r->err->status;
    if (r->rows->found != 1)
        r->rows->orientation = r->rows->found;
    if (read_pixels(r) != STATUS_OK)
        return r->err->status;
    png_read_end(r->png, r->info); /* checks what is behind the pixels; eXIf may be there */
    /* libpng only warns when a text, which may hold the orientation, found no memory. */
    return r->missing > 0 ? error_memory(r->err, r->missing, "libpng") : find_orientation(r);
}

static enum status land_here(struct reader *r)
{
    if (setjmp(r->escape) != 0)
        return STATUS_FAILED; /* the callback that jumped has set r->err */
    return read_image(r);
}

static enum status decode_once(struct reader *r, const uint8_t *bytes, size_t size)
{
    r->png = NULL;
    r->info = NULL;
    r->chunks = (struct png_chunks){.at = bytes + SIGNATURE_BYTES,
                                    .left = size - SIGNATURE_BYTES,
                                    .with_texts = r->limits->apply_exif};
    enum status status = land_here(r);
    png_destroy_read_struct(&r->png, &r->info, NULL);
    image_free(&r->whole);
    free(r->row16);
    r->row16 = NULL;
    return status;
}

enum status decode_png(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    struct reader r = {.rows = rows, .limits = limits, .err = err};

    rows->found = 1;
    if (size < SIGNATURE_BYTES || png_sig_cmp(bytes, 0, SIGNATURE_BYTES) != 0)
        return error_set(err, "PNG cannot be decoded: its signature is damaged");
    if (decode_once(&r, bytes, size) != STATUS_OK)
        return err->status;
    return r.fill == FILL_UNKNOWN ? STATUS_OK : decode_once(&r, bytes, size);
}
