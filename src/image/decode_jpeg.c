/* libjpeg reports by calling back, and its errors leave by longjmp: decode_jpeg() owns all state,
 * in one struct, and read_image() both calls the library and is where a jump lands, so that no
 * variable that is used after a jump lives in the function that jumps. */
#include "image/decode_jpeg.h"

#include "image/orientation.h"

#include <setjmp.h>
#include <stdio.h> /* before jpeglib.h, which needs FILE */
#include <string.h>

#include <jpeglib.h>

/* Encoders write about ten scans. Each costs a pass over the whole image however few bytes it
 * has, so a small file with thousands of them would keep a processor busy for hours. */
#define MAX_SCANS 100

/* What libjpeg may take besides coefficients: tables, rows, padding to whole blocks. */
#define SPARE_BYTES (64L << 20)

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool has_exif;
    struct rows *rows;
    const struct image_limits *limits;
    struct error *err;
};

static _Noreturn void fail(j_common_ptr jpeg, const char *what)
{
    struct reader *r = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    error_set(r->err, "%s: %s", what, text);
    longjmp(r->escape, 1);
}

static void on_error(j_common_ptr jpeg)
{
    fail(jpeg, "JPEG cannot be decoded");
}

/* Level -1 is a warning: libjpeg would go on and deliver grey rows or noise in place of what is
 * missing. Levels from 0 are chatter. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0)
        fail(jpeg, "JPEG is damaged");
}

static void on_progress(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;

    if (r->jpeg.input_scan_number > MAX_SCANS) {
        error_set(r->err, "JPEG has more than %d scans", MAX_SCANS);
        longjmp(r->escape, 1);
    }
}

/* The first EXIF block is looked at where it lies; libjpeg would keep a copy of each that comes. */
static boolean on_app1(j_decompress_ptr jpeg)
{
    static const char exif[6] = "Exif\0";
    struct reader *r = jpeg->client_data;
    struct jpeg_source_mgr *source = jpeg->src;

    if (source->bytes_in_buffer < 2)
        (void)source->fill_input_buffer(jpeg); /* warns of the file's end, which jumps */
    const uint8_t *segment = source->next_input_byte;
    size_t length = (size_t)segment[0] << 8 | segment[1];
    if (length < 2) {
        error_set(r->err, "JPEG cannot be decoded: a segment of %zu bytes", length);
        longjmp(r->escape, 1);
    }
    if (!r->has_exif && length <= source->bytes_in_buffer && length >= 2 + sizeof exif &&
        memcmp(segment + 2, exif, sizeof exif) == 0) {
        r->has_exif = true;
        r->rows->found = orientation_from_exif(segment + 2, length - 2);
    }
    source->skip_input_data(jpeg, (long)length);
    return TRUE;
}

/* Photoshop stores 255 - ink, and nothing else writes CMYK in numbers worth mentioning; like PIL
 * and OpenCV this reads every CMYK JPEG so, with Adobe's marker or without. An ink lets through
 * its own share of the light that black leaves. */
static void cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t width)
{
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = (uint8_t)((cmyk[4 * x + c] * cmyk[4 * x + 3] + 127) / 255);
}

/* How many eighths of its size the image is decoded at. */
static unsigned choose_eighths(const struct reader *r)
{
    int64_t width = r->jpeg.image_width, height = r->jpeg.image_height;
    int64_t factor = r->limits->jpeg_scale == IMAGE_JPEG_AUTO ? 2 : 1;

    if (!r->rows->fit || r->limits->jpeg_scale == IMAGE_JPEG_OFF)
        return 8;
    const struct image_fit_place resized = rows_resized(r->rows, (int)width, (int)height);
    for (unsigned eighths = 1; eighths < 8; eighths *= 2)
        if (width * eighths >= factor * resized.width * 8 &&
            height * eighths >= factor * resized.height * 8)
            return eighths;
    return 8;
}

/* Size and turn of the image are known, and rows have room for it. */
static enum status read_beginning(struct reader *r, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;

    jpeg_create_decompress(jpeg);
    jpeg->client_data = r;
    jpeg->progress = &r->progress;
    jpeg_mem_src(jpeg, bytes, size);
    if (r->limits->apply_exif)
        jpeg_set_marker_processor(jpeg, JPEG_APP0 + 1, on_app1);
    jpeg_read_header(jpeg, TRUE);

    if (image_check_size((int)jpeg->image_width, (int)jpeg->image_height, r->limits, r->err) !=
        STATUS_OK)
        return r->err->status;
    r->rows->orientation = r->rows->found;
    jpeg->scale_num = choose_eighths(r);
    jpeg->scale_denom = 8;
    jpeg_calc_output_dimensions(jpeg);
    const struct rows_source source = {
        .width = (int)jpeg->output_width,
        .height = (int)jpeg->output_height,
        .right = jpeg->image_width * jpeg->scale_num / 8.0,
        .bottom = jpeg->image_height * jpeg->scale_num / 8.0,
    };
    return rows_begin(r->rows, &source, r->err);
}

static enum status read_image(struct reader *r, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    JSAMPARRAY cmyk = NULL;

    if (read_beginning(r, bytes, size) != STATUS_OK)
        return r->err->status;
    /* A progressive image is kept whole: 16-bit coefficients, at most four for each pixel. */
    jpeg->mem->max_memory_to_use =
        8 * (long)jpeg->image_width * (long)jpeg->image_height + SPARE_BYTES;
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK) {
        jpeg->out_color_space = JCS_CMYK;
        cmyk = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, 4 * jpeg->image_width, 1);
    } else {
        jpeg->out_color_space = JCS_RGB; /* from grey too */
    }

    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *row = rows_next(r->rows);

        if (!cmyk) {
            jpeg_read_scanlines(jpeg, &row, 1);
        } else {
            jpeg_read_scanlines(jpeg, cmyk, 1);
            cmyk_to_rgb(row, cmyk[0], jpeg->output_width);
        }
        rows_push(r->rows);
    }
    jpeg_finish_decompress(jpeg); /* reads on to the end marker: more to find missing */
    return STATUS_OK;
}

static enum status land_here(struct reader *r, const uint8_t *bytes, size_t size)
{
    if (setjmp(r->escape) != 0)
        return STATUS_FAILED; /* the callback that jumped has set r->err */
    return read_image(r, bytes, size);
}

enum status decode_jpeg(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err)
{
    struct reader r = {.rows = rows, .limits = limits, .err = err};
    enum status status;

    r.jpeg.err = jpeg_std_error(&r.errors);
    r.jpeg.client_data = &r;
    r.errors.error_exit = on_error;
    r.errors.emit_message = on_message;
    r.progress.progress_monitor = on_progress;

    rows->found = 1;
    status = land_here(&r, bytes, size);
    jpeg_destroy_decompress(&r.jpeg);
    return status;
}
