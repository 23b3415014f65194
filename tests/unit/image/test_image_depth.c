#include "image/image_depth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_header_of_a_png_tells(void **state)
{
    uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x10";
    const size_t size = sizeof png - 1;
    (void)state;
    assert_int_equal(size, 25);
    assert_true(image_depth_is_16(png, size));
    assert_false(image_depth_is_16(png, size - 1));
    assert_false(image_depth_is_16(png, 0));
    png[24] = 8;
    assert_false(image_depth_is_16(png, size));
    png[24] = 1;
    assert_false(image_depth_is_16(png, size));
    png[24] = 16;
    png[0] = 0xFF;
    assert_false(image_depth_is_16(png, size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_header_of_a_png_tells)};
    return cmocka_run_group_tests_name("image/image_depth", tests, NULL, NULL);
}
