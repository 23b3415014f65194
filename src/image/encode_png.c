/* As in decode_png.c: encode_png() owns the state, land_here() is where a longjmp lands,
 * write_image() calls the library. */
#include "image/encode_png.h"

#include <setjmp.h>
#include <stdlib.h>

#include <png.h>

/* zlib's 1..9, and one filter in place of the best of five for each row: photos of 1802 x 1802
 * pixels take 0.09 s and 4.1 MB; at level 3 with five filters 0.21 s and 3.8 MB, at level 6 0.63 s
 * and 3.6 MB. */
#define COMPRESSION 1
#define FILTER      PNG_FILTER_UP

struct writer {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    FILE *stream;
    const uint8_t *rgb;
    int width, height;
    size_t missing; /* bytes that libpng asked for and did not get */
    struct error *err;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct writer *w = png_get_error_ptr(png);

    if (w->missing > 0)
        error_memory(w->err, w->missing, "libpng");
    else
        error_set(w->err, "PNG cannot be encoded: %s", text);
    longjmp(w->escape, 1);
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t n)
{
    struct writer *w = png_get_mem_ptr(png);
    void *memory = malloc(n);

    if (!memory)
        w->missing = n;
    return memory;
}

static void on_free(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    struct writer *w = png_get_io_ptr(png);

    fwrite(data, 1, n, w->stream);
}

static void on_flush(png_structp png)
{
    (void)png;
}

static enum status write_image(struct writer *w)
{
    w->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, w, on_error, on_warning, w, on_malloc,
                                       on_free);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (!w->info)
        return error_memory(w->err, w->missing, "libpng");
    png_set_write_fn(w->png, w, on_write, on_flush);
    png_set_compression_level(w->png, COMPRESSION);
    png_set_filter(w->png, PNG_FILTER_TYPE_BASE, FILTER);
    png_set_IHDR(w->png, w->info, (png_uint_32)w->width, (png_uint_32)w->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    for (int y = 0; y < w->height; y++)
        png_write_row(w->png, w->rgb + 3 * (size_t)w->width * (size_t)y);
    png_write_end(w->png, NULL);
    return STATUS_OK;
}

static enum status land_here(struct writer *w)
{
    if (setjmp(w->escape) != 0)
        return STATUS_FAILED; /* the callback that jumped has set w->err */
    return write_image(w);
}

enum status encode_png(FILE *stream, const uint8_t *rgb, int width, int height, struct error *err)
{
    struct writer w = {.stream = stream, .rgb = rgb, .width = width, .height = height, .err = err};
    enum status status = land_here(&w);

    png_destroy_write_struct(&w.png, &w.info);
    return status;
}
