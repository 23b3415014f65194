/* libpng's ordinary interface: its simplified one applies gamma and blends alpha. As in
 * decode_jpeg.c, decode_png() owns the state, land_here() is where a longjmp lands, read_picture()
 * calls the library. */
#include "image/decode_png.h"

#include "image/orientation.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

/* What text, profiles and EXIF of a real picture stay below by far. */
#define MAX_CHUNK_BYTES (16 << 20)
#define MAX_CHUNKS      1000

struct reader {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    const uint8_t *next;
    size_t left;
    struct rows *rows;
    struct image whole; /* of an interlaced picture, whose rows come several times */
    int orientation;
    const struct image_limits *limits;
    struct error *err;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct reader *r = png_get_error_ptr(png);

    error_set(r->err, "PNG cannot be decoded: %s", text);
    longjmp(r->escape, 1);
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

    if (n > r->left)
        png_error(png, "unexpected end of file");
    memcpy(data, r->next, n);
    r->next += n;
    r->left -= n;
}

/* Asks for RGB of 8 bits, whatever is stored. strip_16 takes the high byte (scale_16 would round
 * it), which is what PIL and OpenCV do. Returns the number of passes over the picture. */
static int choose_transforms(png_structp png)
{
    png_set_expand(png); /* palette and 1, 2, 4 bits -> 8 bits; transparency -> alpha */
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    return png_set_interlace_handling(png);
}

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
    if (png_get_eXIf_1(r->png, r->info, &size, &exif) != 0)
        return orientation_from_exif(&r->orientation, exif, size, r->err);
    n_texts = png_get_text(r->png, r->info, &text, NULL);
    for (int i = 0; i < n_texts && r->orientation == 1; i++) {
        enum status status =
            orientation_from_text(&r->orientation, text[i].key, text[i].text, r->err);

        if (status != STATUS_OK)
            return status;
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
    enum status status = image_create(&r->whole, (int)width, (int)height, INT64_MAX, r->err);

    if (status != STATUS_OK)
        return status;
    while (n_passes-- > 0)
        for (png_uint_32 y = 0; y < height; y++)
            png_read_row(r->png, r->whole.rgb + row_bytes * y, NULL);
    for (png_uint_32 y = 0; y < height; y++) {
        memcpy(rows_next(r->rows), r->whole.rgb + row_bytes * y, row_bytes);
        rows_push(r->rows);
    }
    return STATUS_OK;
}

static enum status read_picture(struct reader *r)
{
    png_uint_32 width, height;
    enum status status;
    int n_passes;

    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png == NULL ? NULL : png_create_info_struct(r->png);
    if (r->info == NULL)
        return error_memory(r->err, 0, "libpng");
    png_set_read_fn(r->png, r, on_read);
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    /* The limit on pixels is ours, below: libpng's own would refuse sides above a million. */
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(r->png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(r->png, MAX_CHUNKS);

    png_read_info(r->png, r->info);
    width = png_get_image_width(r->png, r->info);
    height = png_get_image_height(r->png, r->info);
    status = image_check_size((int)width, (int)height, r->limits, r->err);
    if (status == STATUS_OK)
        status = rows_begin(
            r->rows, &(struct resize_source){(int)width, (int)height, width, height}, r->err);
    if (status != STATUS_OK)
        return status;

    n_passes = choose_transforms(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != 3 * (size_t)width)
        png_error(r->png, "rows are not RGB"); /* would overrun the buffer: never trust, check */
    status = n_passes == 1 ? read_rows(r, height) : read_interlaced(r, width, height, n_passes);
    if (status != STATUS_OK)
        return status;
    png_read_end(r->png, r->info); /* checks what is behind the pixels; eXIf may be there */
    return find_orientation(r);
}

static enum status land_here(struct reader *r)
{
    if (setjmp(r->escape) != 0)
        return STATUS_FAILED; /* the callback that jumped has set r->err */
    return read_picture(r);
}

enum status decode_png(struct rows *rows, int *orientation, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    struct reader r = {
        .next = bytes, .left = size, .rows = rows, .orientation = 1, .limits = limits, .err = err};
    enum status status;

    status = land_here(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    image_free(&r.whole);
    *orientation = r.orientation;
    return status;
}
