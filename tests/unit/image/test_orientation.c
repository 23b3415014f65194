#include "image/orientation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* Turns the image   a b c   and writes the rows of the result, "/" between them.
 *                     d e f
 *                     g h i                                                          */
static const char *turned(int orientation)
{
    static char text[16];
    uint8_t rgb[9 * 3];
    char *to = text;

    for (int i = 0; i < 9; i++)
        memset(rgb + 3 * i, 'a' + i, 3);
    assert_int_equal(orientation_turn_resized(rgb, 3, orientation, &err), STATUS_OK);
    for (int i = 0; i < 9; i++) {
        if (i > 0 && i % 3 == 0)
            *to++ = '/';
        *to++ = (char)rgb[3 * i + 2];
    }
    *to = '\0';
    return text;
}

static void the_eight_turns_are_those_of_the_exif_standard(void **state)
{
    (void)state;
    assert_string_equal(turned(1), "abc/def/ghi");
    assert_string_equal(turned(2), "cba/fed/ihg");
    assert_string_equal(turned(3), "ihg/fed/cba");
    assert_string_equal(turned(4), "ghi/def/abc");
    assert_string_equal(turned(5), "adg/beh/cfi");
    assert_string_equal(turned(6), "gda/heb/ifc");
    assert_string_equal(turned(7), "ifc/heb/gda");
    assert_string_equal(turned(8), "cfi/beh/adg");
}

static void a_image_larger_than_one_tile_is_turned_whole(void **state)
{
    (void)state;
    enum { SIDE = 75 };
    static uint8_t rgb[SIDE * SIDE * 3];

    for (int i = 0; i < SIDE * SIDE; i++)
        memcpy(rgb + 3 * i, (uint8_t[]){(uint8_t)(i % SIDE), (uint8_t)(i / SIDE), 9}, 3);
    assert_int_equal(orientation_turn_resized(rgb, SIDE, 6, &err), STATUS_OK);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *pixel = rgb + 3 * (y * SIDE + x);

            assert_int_equal(pixel[0], y);
            assert_int_equal(pixel[1], SIDE - 1 - x);
        }
    }
}

static int in_exif(const char *bytes, size_t size)
{
    return orientation_from_exif((const uint8_t *)bytes, size);
}

#define LITTLE "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"
#define BIG    "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"

static void exif_is_read_in_both_byte_orders_with_and_without_its_header(void **state)
{
    (void)state;
    static const char little[] = LITTLE "\x06\0\0\0\0\0\0\0", big[] = BIG "\0\x08\0\0\0\0\0\0";
    static const char headed[] = "Exif\0\0" LITTLE "\x03\0\0\0\0\0\0\0";

    assert_int_equal(in_exif(little, sizeof little - 1), 6);
    assert_int_equal(in_exif(big, sizeof big - 1), 8);
    assert_int_equal(in_exif(headed, sizeof headed - 1), 3);
}

static void exif_without_sense_leaves_the_image_as_it_is(void **state)
{
    (void)state;
    static const char nine[] = LITTLE "\x09\0\0\0\0\0\0\0", zero[] = LITTLE "\0\0\0\0\0\0\0\0";

    assert_int_equal(in_exif("", 0), 1);
    assert_int_equal(in_exif("Exif\0", 6), 1);
    assert_int_equal(in_exif("nothing of the kind", 19), 1);
    assert_int_equal(in_exif(nine, sizeof nine - 1), 1);
    assert_int_equal(in_exif(zero, sizeof zero - 1), 1);
    for (size_t n = 0; n < 18; n++) /* cut before the value */
        assert_int_equal(in_exif(nine, n), 1);
}

static int in_text(const char *key, const char *text)
{
    int orientation = 99;

    assert_int_equal(orientation_from_text(&orientation, key, text, &err), STATUS_OK);
    return orientation;
}

static void png_texts_of_imagemagick_and_adobe_are_read(void **state)
{
    (void)state;
    static const char raw[] = "Raw profile type exif", xmp[] = "XML:com.adobe.xmp";
    static const char hex[] = "457869660000" /* Exif, 0, 0 */
                              "4d4d002a000000080001011200030000\n0001000500000000";
    char profile[128];

    snprintf(profile, sizeof profile, "\nexif\n      32\n%s\n", hex);
    assert_int_equal(in_text(raw, profile), 5);
    assert_int_equal(in_text("Comment", profile), 1);
    assert_int_equal(in_text(raw, "\nexif\n"), 1);
    assert_int_equal(in_text(raw, "\nexif\n 4\nxyz"), 1);
    assert_int_equal(in_text(raw, "\nexif\n 4\n457"), 1);
    assert_int_equal(in_text(xmp, "<x tiff:Orientation=\"7\"/>"), 7);
    assert_int_equal(in_text(xmp, "<tiff:Orientation>2</tiff:Orientation>"), 2);
    assert_int_equal(in_text(xmp, "<tiff:Orientation>12</tiff:Orientation>"), 1);
    assert_int_equal(in_text(xmp, "<tiff:Orientation"), 1);
    assert_int_equal(in_text("Comment", "<tiff:Orientation>2</tiff:Orientation>"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_eight_turns_are_those_of_the_exif_standard),
        cmocka_unit_test(a_image_larger_than_one_tile_is_turned_whole),
        cmocka_unit_test(exif_is_read_in_both_byte_orders_with_and_without_its_header),
        cmocka_unit_test(exif_without_sense_leaves_the_image_as_it_is),
        cmocka_unit_test(png_texts_of_imagemagick_and_adobe_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
