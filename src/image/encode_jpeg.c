/* As in decode_jpeg.c: encode_jpeg() owns the state, and write_image() both calls the library and
 * is where a longjmp lands. */
#include "image/encode_jpeg.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdio.h> /* before jpeglib.h, which needs FILE */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { CHUNK = 16384 };

struct writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    uint8_t *bytes; /* [capacity] */
    size_t capacity;
    const uint8_t *rgb;
    int width, height, quality;
    struct error *err;
};

static _Noreturn void on_error(j_common_ptr jpeg)
{
    struct writer *w = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    error_set(w->err, "JPEG cannot be encoded: %s", text);
    longjmp(w->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    (void)jpeg;
    (void)level;
}

/* The library's own memory destination ends the program when realloc fails. */
static void make_room(struct writer *w, size_t used)
{
    uint8_t *grown = memory_grown(w->bytes, &w->capacity, used + CHUNK, 1, "a JPEG", w->err);

    if (!grown)
        longjmp(w->escape, 1);
    w->bytes = grown;
    w->destination.next_output_byte = grown + used;
    w->destination.free_in_buffer = w->capacity - used;
}

static void on_begin(j_compress_ptr jpeg)
{
    make_room(jpeg->client_data, 0);
}

/* Called when the buffer is full, whatever free_in_buffer says. */
static boolean on_full(j_compress_ptr jpeg)
{
    struct writer *w = jpeg->client_data;

    make_room(w, w->capacity);
    return TRUE;
}

static void on_end(j_compress_ptr jpeg)
{
    (void)jpeg;
}

static enum status write_image(struct writer *w)
{
    struct jpeg_compress_struct *jpeg = &w->jpeg;

    if (setjmp(w->escape) != 0)
        return STATUS_FAILED; /* what jumped has set w->err */
    jpeg_create_compress(jpeg);
    w->destination = (struct jpeg_destination_mgr){
        .init_destination = on_begin, .empty_output_buffer = on_full, .term_destination = on_end};
    jpeg->dest = &w->destination;
    jpeg->image_width = (JDIMENSION)w->width;
    jpeg->image_height = (JDIMENSION)w->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, w->quality, TRUE);
    jpeg->dct_method = JDCT_ISLOW;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        const uint8_t *row = w->rgb + 3 * (size_t)w->width * (size_t)jpeg->next_scanline;
        JSAMPROW rows[1] = {(JSAMPROW)(uintptr_t)row};
        jpeg_write_scanlines(jpeg, rows, 1);
    }
    jpeg_finish_compress(jpeg);
    return STATUS_OK;
}

enum status encode_jpeg(uint8_t **out, size_t *size, const uint8_t *rgb, int width, int height,
                        int quality, struct error *err)
{
    struct writer w = {
        .rgb = rgb, .width = width, .height = height, .quality = quality, .err = err};

    w.jpeg.err = jpeg_std_error(&w.errors);
    w.jpeg.client_data = &w;
    w.errors.error_exit = on_error;
    w.errors.emit_message = on_message;
    enum status status = write_image(&w);
    *size = status == STATUS_OK ? w.capacity - w.destination.free_in_buffer : 0;
    jpeg_destroy_compress(&w.jpeg);
    if (status != STATUS_OK) {
        free(w.bytes);
        w.bytes = NULL;
    }
    *out = w.bytes;
    return status;
}
