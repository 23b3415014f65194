#include "image/decode_png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/golden_files.h"

/* PNG loses nothing, so every comparison is exact. */
static void has_pixels(const char *file, const char *reference, const struct image_limits *limits)
{
    struct image image, expected;

    golden_decode(&image, file, limits);
    golden_reference(&expected, reference);
    if (golden_compare(&image, &expected).largest != 0)
        fail_msg("%s does not have the pixels of %s", file, reference);
    image_free(&image);
    image_free(&expected);
}

static void colours_of_8_and_16_bits_give_the_high_byte(void **state)
{
    (void)state;
    has_pixels("rgb8.png", "picture.ppm", &as_stored);
    has_pixels("rgb16.png", "picture.ppm", &as_stored);
    has_pixels("grey8.png", "grey8.ppm", &as_stored);
    has_pixels("grey16.png", "grey8.ppm", &as_stored);
}

static void few_bits_are_spread_over_the_whole_range(void **state)
{
    (void)state;
    has_pixels("grey1.png", "grey1.ppm", &as_stored);
}

static void a_palette_is_looked_up(void **state)
{
    (void)state;
    has_pixels("palette4.png", "palette4.ppm", &as_stored); /* this one with transparent entries */
    has_pixels("palette4_interlaced.png", "palette4.ppm", &as_stored);
}

static void alpha_is_dropped_and_not_blended(void **state)
{
    (void)state;
    has_pixels("rgba8.png", "picture.ppm", &as_stored);
    has_pixels("grey_alpha8.png", "grey8.ppm", &as_stored);
}

static void interlacing_changes_nothing(void **state)
{
    (void)state;
    has_pixels("rgb8_interlaced.png", "picture.ppm", &as_stored);
}

static void orientation_is_found_before_and_behind_the_pixels_and_in_texts(void **state)
{
    (void)state;
    has_pixels("exif_6.png", "picture.ppm", &turned_upright);
    has_pixels("exif_6_late.png", "picture.ppm", &turned_upright);
    has_pixels("exif_6_raw_profile.png", "picture.ppm", &turned_upright);
    has_pixels("exif_6_xmp.png", "picture.ppm", &turned_upright);
}

static void orientation_is_ignored_on_request(void **state)
{
    (void)state;
    struct image image;

    golden_decode(&image, "exif_6.png", &as_stored);
    assert_int_equal(image.width, 13);
    assert_int_equal(image.height, 21);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_of_8_and_16_bits_give_the_high_byte),
        cmocka_unit_test(few_bits_are_spread_over_the_whole_range),
        cmocka_unit_test(a_palette_is_looked_up),
        cmocka_unit_test(alpha_is_dropped_and_not_blended),
        cmocka_unit_test(interlacing_changes_nothing),
        cmocka_unit_test(orientation_is_found_before_and_behind_the_pixels_and_in_texts),
        cmocka_unit_test(orientation_is_ignored_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
