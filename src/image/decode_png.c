/* libpng's ordinary interface: its simplified one applies gamma and blends alpha. As in
 * decode_jpeg.c, decode_png() owns the state, land_here() is where a longjmp lands, read_picture()
 * calls the library. */
#include "image/decode_png.h"

#include "image/orientation.h"

#include <setjmp.h>
#include <stdlib.h>
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
        return orientation_from_exif(&r->rows->found, exif, size, r->err);
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
    png_set_chunk_malloc_max(r->png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(r->png, MAX_CHUNKS);
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
    n_passes = choose_transforms(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != 3 * (size_t)width)
        png_error(r->png, "rows are not RGB"); /* would overrun the buffer: never trust, check */
    return n_passes == 1 ? read_rows(r, height) : read_interlaced(r, width, height, n_passes);
}

static enum status read_picture(struct reader *r)
{
    if (begin(r) != STATUS_OK)
        return r->err->status;
    png_read_info(r->png, r->info);
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
    return read_picture(r);
}

enum status decode_png(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    struct reader r = {.next = bytes, .left = size, .rows = rows, .limits = limits, .err = err};
    enum status status;

    rows->found = 1;
    status = land_here(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    image_free(&r.whole);
    return status;
}
