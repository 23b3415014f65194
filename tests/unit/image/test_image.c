#include "image/image_decode.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/golden_files.h"

static const char *const every_file[] = {
    "rgb8.png",        "rgb8_interlaced.png",
    "rgb16.png",       "rgba8.png",
    "grey8.png",       "grey16.png",
    "grey1.png",       "grey_alpha8.png",
    "palette4.png",    "exif_6.png",
    "exif_6_late.png", "exif_6_raw_profile.png",
    "exif_6_xmp.png",  "rgb444.jpg",
    "rgb420.jpg",      "grey.jpg",
    "cmyk.jpg",        "rgb422_progressive.jpg",
    "exif_6.jpg",
};
#define N_FILES (sizeof every_file / sizeof every_file[0])

enum { SIDE = 9 };

static struct error err;
static uint8_t rgb[3 * SIDE * SIDE];
static const struct image_fit bilinear = {.size = SIDE},
                              bicubic = {.size = SIDE,
                                         .resize = IMAGE_FIT_CROP,
                                         .interpolation = IMAGE_FIT_BICUBIC,
                                         .crop_fraction = 0.8},
                              *fit = &bilinear;

static enum status decode(const void *bytes, size_t size, const struct image_limits *limits)
{
    return image_decode_resized(rgb, NULL, fit, bytes, size, limits, &err);
}

static void refuses(const void *bytes, size_t size, const char *message)
{
    assert_int_equal(decode(bytes, size, &as_stored), STATUS_FAILED);
    assert_string_equal(err.message, message);
}

static void what_is_neither_jpeg_nor_png_is_named_by_its_first_bytes(void **state)
{
    (void)state;
    refuses("", 0, "file is empty, expected an image");
    refuses("RAF89a\x01", 7,
            "neither JPEG nor PNG, WebP, GIF, TIFF, BMP: the file begins with \"RAF89a.\"");
    refuses(
        "version https://git-lfs", 23,
        "neither JPEG nor PNG, WebP, GIF, TIFF, BMP: the file begins with \"version https://\"");
    refuses("\xff", 1, "neither JPEG nor PNG, WebP, GIF, TIFF, BMP: the file begins with \".\"");
    refuses("\x89PNG\r\n\x1a", 7,
            "neither JPEG nor PNG, WebP, GIF, TIFF, BMP: the file begins with \".PNG...\"");
}

static void a_image_at_the_limit_is_decoded_and_one_above_it_is_not(void **state)
{
    (void)state;
    static const char *const names[] = {"rgb8.png", "rgb444.jpg"};
    struct image_limits limits = {.max_pixels = 21 * 13, .apply_exif = true};

    for (size_t i = 0; i < 2; i++) {
        uint8_t *bytes;
        size_t size;

        golden_read(&bytes, &size, names[i]);
        limits.max_pixels = 21 * 13;
        assert_int_equal(decode(bytes, size, &limits), STATUS_OK);
        limits.max_pixels--;
        assert_int_equal(decode(bytes, size, &limits), STATUS_FAILED);
        assert_string_equal(err.message, "image has 21 x 13 = 273 pixels, more than 272");
        free(bytes);
    }
}

/* In a block of exactly the prefix's size, so that ASan sees a byte read behind it. */
static void no_file_decodes_when_anything_is_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; i++) {
        uint8_t *bytes, *cut;
        size_t size;

        golden_read(&bytes, &size, every_file[i]);
        for (size_t n = 0; n < size; n++) {
            cut = malloc(n + (n == 0));
            assert_non_null(cut);
            memcpy(cut, bytes, n);
            if (decode(cut, n, &turned_upright) == STATUS_OK)
                fail_msg("%s decodes when only %zu of %zu bytes are left", every_file[i], n, size);
            assert_null(strchr(err.message, '\n'));
            free(cut);
        }
        free(bytes);
    }
}

/* Either status will do: what counts is that ASan and UBSan stay silent. */
static void a_changed_byte_does_no_harm(void **state)
{
    (void)state;
    struct image_limits limits = {.max_pixels = 1 << 20,
                                  .apply_exif = true}; /* a changed size must not cost a gigabyte */

    for (size_t i = 0; i < N_FILES; i++) {
        uint8_t *bytes;
        size_t size;

        golden_read(&bytes, &size, every_file[i]);
        for (size_t at = 2; at < size; at++) {
            fit = at % 2 ? &bicubic : &bilinear;
            for (int bit = 0; bit < 8; bit += 3) {
                bytes[at] ^= (uint8_t)(1 << bit);
                decode(bytes, size, &limits);
                bytes[at] ^= (uint8_t)(1 << bit);
            }
        }
        free(bytes);
    }
}

static void a_failing_allocation_is_a_clean_error_that_says_how_much_was_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; i++) {
        uint8_t *bytes;
        size_t size;

        golden_read(&bytes, &size, every_file[i]);
        FAILING_ALLOC_EACH(decode(bytes, size, &turned_upright), &err) {
            assert_memory_equal(err.message, "out of memory: no ", 18);
            assert_null(strstr(err.message, "no 0 bytes"));
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_neither_jpeg_nor_png_is_named_by_its_first_bytes),
        cmocka_unit_test(a_image_at_the_limit_is_decoded_and_one_above_it_is_not),
        cmocka_unit_test(no_file_decodes_when_anything_is_cut_off),
        cmocka_unit_test(a_changed_byte_does_no_harm),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error_that_says_how_much_was_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
