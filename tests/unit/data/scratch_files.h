/* A folder of its own for each test, with small files in it: texts and PNG pictures. */
#ifndef SCRATCH_FILES_H
#define SCRATCH_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

static char scratch_folder[64];

/* setup and teardown of cmocka_unit_test_setup_teardown(). */
static inline int scratch_make(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/atk-test-data-XXXXXX");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_folder);
    return system(command);
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

/* Path of a file of the folder; good for the next seven calls. */
static inline const char *scratch_path(const char *name)
{
    static char path[8][512];
    static int next;
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", scratch_folder, name);
    return path[next];
}

static inline const char *scratch_write(const char *name, const char *text)
{
    const char *path = scratch_path(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
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

/* Byte of a test picture: differs between pictures, places and channels. */
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
