/* Files that claim more than they are: what they cost. And samples of 16 bits that use less. */
#include "image/image_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/png_maker.h"
#include "whole_image.h"

static struct error err;
static const struct image_limits upright = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT,
                                            .apply_exif = true};

static long peak_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long peak = 0;
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = atol(line + 6);
    fclose(status);
    return peak;
}

/* Decodes m and frees it; it must not have taken more than 32 MiB. */
static enum status decode_within_bounds(struct image *out, struct png_maker *m)
{
    long before = peak_kib();
    enum status status = whole_image_decode(out, m->bytes, m->n, &upright, &err);
    assert_true(peak_kib() - before < 32 * 1024);
    free(m->bytes);
    *m = (struct png_maker){0};
    return status;
}

static void small_image(struct png_maker *m)
{
    static const uint8_t raw[2 * 7]; /* 2 x 2 black pixels */
    png_pixels(m, raw, sizeof raw);
    png_end(m);
}

static void a_chunk_longer_than_the_file_is_refused_before_it_is_allocated(void **state)
{
    (void)state;
    static const char *const type[] = {"iTXt", "tEXt", "eXIf", "iCCP", "IDAT", "teSt"};
    for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
        struct png_maker m;
        struct image image = {0};
        png_begin(&m, 2, 2, 8, 2, false);
        png_put_32(&m, 0x7fffffff);
        png_put(&m, type[i], 4);
        small_image(&m);
        assert_int_equal(decode_within_bounds(&image, &m), STATUS_FAILED);
        assert_non_null(strstr(err.message, type[i]));
        assert_non_null(strstr(err.message, "is said to have 2147483647 bytes"));
    }
}

/* The library overran its memory with bicubic. */
static void a_very_long_side_is_refused_before_the_image_is_allocated(void **state)
{
    (void)state;
    uint8_t rgb[3 * 8 * 8];
    for (int k = 0; k < 2; k++) {
        const struct image_fit fit = {.size = 8,
                                      .interpolation = k ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR};
        struct png_maker m;
        long before = peak_kib();
        png_begin(&m, 178000000, 1, 8, 2, false);
        small_image(&m);
        assert_int_equal(image_decode_resized(rgb, NULL, &fit, m.bytes, m.n, &upright, &err),
                         STATUS_FAILED);
        assert_string_equal(err.message, "image of 178000000 x 1 pixels has a side of more than "
                                         "1048576");
        assert_true(peak_kib() - before < 32 * 1024);
        free(m.bytes);
    }
}

/* n bytes "A" under `key`, deflated by fixed codes: one literal, then copies of 258 bytes. */
static void put_inflating_text(struct png_maker *m, const char *key, size_t n)
{
    struct png_maker text = {0};
    uint8_t *letters = malloc(n);
    uint32_t bits = 0;
    int n_bits = 0;
    png_put(&text, key, strlen(key) + 1);
    png_put(&text, "\0\x78\x01", 3);
#define PUT(value, count)                                                                          \
    for (bits |= (uint32_t)(value) << n_bits, n_bits += (count); n_bits >= 8;                      \
         bits >>= 8, n_bits -= 8)                                                                  \
    png_put(&text, &(uint8_t){(uint8_t)bits}, 1)
    PUT(3, 3);                            /* the last block, fixed codes */
    PUT(0x8e, 8);                         /* "A" = 0x71, the highest bit first */
    for (size_t i = 1; i < n; i += 258) { /* length 258 = 11000101, distance 1 = 00000 */
        PUT(0xa3, 8);
        PUT(0, 5);
    }
    PUT(0, 7); /* the end */
    PUT(0, 7);
#undef PUT
    memset(letters, 'A', n);
    png_put_32(&text, png_adler(letters, n));
    png_chunk(m, "zTXt", text.bytes, text.n);
    free(letters);
    free(text.bytes);
}

static void texts_that_inflate_are_not_inflated(void **state)
{
    (void)state;
    static const char *const key[] = {"Comment", "XML:com.adobe.xmp", "Raw profile type exif"};
    for (size_t k = 0; k < 3; k++) {
        struct png_maker m;
        struct image image = {0};
        png_begin(&m, 2, 2, 8, 2, false);
        for (int i = 0; i < 12; i++)
            put_inflating_text(&m, key[k], 1 + 258 * 40000); /* 10 MB each */
        small_image(&m);
        assert_int_equal(decode_within_bounds(&image, &m), STATUS_OK);
        image_free(&image);
    }
}

static void what_is_passed_over_is_still_checked(void **state)
{
    (void)state;
    struct png_maker m;
    struct image image = {0};
    png_begin(&m, 2, 2, 8, 2, false);
    png_chunk(&m, "tEXt", "Comment\0hello", 13);
    m.bytes[m.n - 6] ^= 1;
    small_image(&m);
    assert_int_equal(decode_within_bounds(&image, &m), STATUS_FAILED);
    assert_string_equal(err.message, "PNG cannot be decoded: tEXt: CRC error");

    png_begin(&m, 2, 2, 8, 2, false);
    png_chunk(&m, "tEXt", "Comment\0hello", 13);
    small_image(&m);
    assert_int_equal(decode_within_bounds(&image, &m), STATUS_OK);
    image_free(&image);
}

/* Thousands of APP1 segments of 64 KB, of which each claims to be EXIF. */
static void segments_of_a_jpeg_are_not_kept(void **state)
{
    (void)state;
    enum { N = 1000, SEGMENT = 65535 };
    static uint8_t segment[2 + SEGMENT] = {0xff, 0xe1, 0xff, 0xff, 'E', 'x', 'i', 'f'};
    struct png_maker m = {0};
    struct image image = {0};
    png_put(&m, "\xff\xd8", 2);
    m.bytes = realloc(m.bytes, 2 + (size_t)N * sizeof segment);
    for (int i = 0; i < N; i++, m.n += sizeof segment)
        memcpy(m.bytes + m.n, segment, sizeof segment);
    assert_int_equal(decode_within_bounds(&image, &m), STATUS_FAILED);
    assert_non_null(strstr(err.message, "JPEG"));
}

/* ---- 16 bits ---- */

enum { SIDE = 4 };

/* SIDE x SIDE pixels of 16 bits, whose sample i (in the file's order) is sample(i). */
static void image_16(struct image *out, int colour, int channels, bool interlaced, const char *sbit,
                     int n_sbit, unsigned (*sample)(int i))
{
    uint8_t raw[SIDE * (1 + 2 * 4 * SIDE) + 7];
    /* Adam7 of 4 x 4: the passes with pixels have 1x1, 1x1, 2x1, 2x2 and 4x2. */
    static const int width[] = {1, 1, 2, 2, 4}, rows[] = {1, 1, 1, 2, 2};
    struct png_maker m;
    int n = 0, i = 0;
    png_begin(&m, SIDE, SIDE, 16, colour, interlaced);
    if (n_sbit > 0)
        png_chunk(&m, "sBIT", sbit, (size_t)n_sbit);
    for (int pass = 0; pass < (interlaced ? 5 : 1); pass++)
        for (int y = 0; y < (interlaced ? rows[pass] : SIDE); y++) {
            raw[n++] = 0;
            for (int x = 0; x < (interlaced ? width[pass] : SIDE) * channels; x++) {
                unsigned value = sample(i++);
                raw[n++] = (uint8_t)(value >> 8);
                raw[n++] = (uint8_t)value;
            }
        }
    png_pixels(&m, raw, (size_t)n);
    png_end(&m);
    assert_int_equal(decode_within_bounds(out, &m), STATUS_OK);
}

static unsigned of_12_bits(int i)
{
    return (unsigned)(i * 73 % 4096);
}

static unsigned of_16_bits(int i)
{
    return i == 5 ? 4096 : of_12_bits(i);
}

static unsigned of_6_bits(int i)
{
    return (unsigned)(i * 7 % 64);
}

static void samples_of_12_bits_that_sbit_names_fill_the_range(void **state)
{
    (void)state;
    struct image image;
    image_16(&image, 0, 1, false, "\x0c", 1, of_12_bits);
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++)
            assert_int_equal(image.rgb[3 * i + c], of_12_bits(i) >> 4);
    image_free(&image);
    image_16(&image, 2, 3, false, "\x0c\x0a\x0c", 3, of_12_bits);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        assert_int_equal(image.rgb[i], of_12_bits(i) >> 4);
    image_free(&image);
    image_16(&image, 0, 1, false, "\x06", 1, of_6_bits);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_int_equal(image.rgb[3 * i], of_6_bits(i) * 255 / 63);
    image_free(&image);
    /* Alpha is opaque at all bits, and no colour. */
    image_16(&image, 4, 2, false, "\x0c\x10", 2, of_12_bits);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_int_equal(image.rgb[3 * i], of_12_bits(2 * i) >> 4);
    image_free(&image);
    image_16(&image, 0, 1, true, "\x0c", 1, of_12_bits);
    assert_int_equal(image.rgb[0], 0);
    assert_int_equal(image.rgb[3 * 2], of_12_bits(1) >> 4); /* the first of its second pass */
    image_free(&image);
}

static void samples_that_fill_16_bits_give_the_high_byte_whatever_sbit_says(void **state)
{
    (void)state;
    struct image image;
    image_16(&image, 0, 1, false, "\x0c", 1, of_16_bits);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_int_equal(image.rgb[3 * i], of_16_bits(i) >> 8);
    image_free(&image);
    image_16(&image, 0, 1, false, "", 0, of_12_bits);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_int_equal(image.rgb[3 * i], of_12_bits(i) >> 8);
    image_free(&image);
}

static void other_formats_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *name;
    } file[] = {{"RIFF\x10\0\0\0WEBPVP8 ", 16, "a WebP file"},
                {"GIF89a\x01\0\x01\0", 10, "a GIF file"},
                {"BM\x36\x24\0\0", 6, "a BMP file"},
                {"II*\0\x08\0\0\0", 8, "a TIFF file"},
                {"MM\0*\0\0\0\x08", 8, "a TIFF file"},
                {"\0\0\0\x18"
                 "ftypheic\0\0\0\0",
                 16, "a HEIC file"},
                {"\0\0\0\x1c"
                 "ftypavif\0\0\0\0",
                 16, "AVIF file"}};
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        const struct image_fit fit = {.size = 2};
        uint8_t rgb[2 * 2 * 3];
        assert_int_equal(image_decode_resized(rgb, NULL, &fit, (const uint8_t *)file[i].bytes,
                                              file[i].n, &upright, &err),
                         STATUS_FAILED);
        assert_non_null(strstr(err.message, file[i].name));
    }
}

/* A frame of 100 x 50 pixels: three components, the first of 2 x 2 blocks. */
static void what_a_decoder_keeps_is_known_by_the_header(void **state)
{
    (void)state;
    uint8_t jpeg[] =
        "\xff\xd8\xff\xe0\0\x04zz\xff\xc2\0\x11\x08\0\x32\0\x64\x03"
        "\x01\x22\0\x02\x11\0\x03\x11\0\xff\xda\0\x0c\x01\x01\0\x02\x11\x03\x11\0\x3f\0";
    size_t whole = 7 * 4 * 6 * 64 * 2; /* units of 16 x 16, each of 6 blocks of 64 numbers */
    struct png_maker m;
    assert_int_equal(image_decode_memory(jpeg, sizeof jpeg - 1), whole);
    jpeg[9] = 0xc0; /* baseline, in which the first scan has one component */
    assert_int_equal(image_decode_memory(jpeg, sizeof jpeg - 1), whole);
    jpeg[9 + 22] = 3; /* all three */
    assert_int_equal(image_decode_memory(jpeg, sizeof jpeg - 1), 0);
    for (size_t n = 0; n < sizeof jpeg - 1; n++)
        (void)image_decode_memory(jpeg, n);
    png_begin(&m, 30, 20, 8, 2, true);
    assert_int_equal(image_decode_memory(m.bytes, m.n), 3 * 30 * 20);
    free(m.bytes);
    png_begin(&m, 30, 20, 8, 2, false);
    assert_int_equal(image_decode_memory(m.bytes, m.n), 0);
    free(m.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_longer_than_the_file_is_refused_before_it_is_allocated),
        cmocka_unit_test(a_very_long_side_is_refused_before_the_image_is_allocated),
        cmocka_unit_test(texts_that_inflate_are_not_inflated),
        cmocka_unit_test(what_is_passed_over_is_still_checked),
        cmocka_unit_test(segments_of_a_jpeg_are_not_kept),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(what_a_decoder_keeps_is_known_by_the_header),
        cmocka_unit_test(samples_of_12_bits_that_sbit_names_fill_the_range),
        cmocka_unit_test(samples_that_fill_16_bits_give_the_high_byte_whatever_sbit_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
