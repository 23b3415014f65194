/* Small files in a test's scratch folder: texts and PNG images. */
#ifndef SCRATCH_FILES_H
#define SCRATCH_FILES_H

#include "scratch.h"

#include <png.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes a text and returns its path. */
static inline const char *scratch_write_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* The whole text of a file; the caller frees it. */
static inline char *scratch_read(const char *name)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(scratch_path(name), "rb");
    assert_non_null(text);
    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) < 65535);
    fclose(f);
    return text;
}

/* Byte of a test image: differs between images, places and channels. */
static inline uint8_t scratch_pixel(int seed, int x, int y, int channel)
{
    return (uint8_t)(37 * seed + 5 * x + 11 * y + 80 * channel);
}

static inline void scratch_png(const char *name, int width, int height, int seed)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *at = rgb;
    assert_non_null(rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                *at++ = scratch_pixel(seed, x, y, c);
    assert_int_equal(png_image_write_to_file(&image, scratch_path(name), 0, rgb, 0, NULL), 1);
    free(rgb);
}

#endif
