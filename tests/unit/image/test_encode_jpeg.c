#include "image/encode_jpeg.h"

#include "failing_alloc.h"
#include "whole_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 37, HEIGHT = 20 }; /* no whole blocks */

/* A slope in each channel. */
static void draw(uint8_t *rgb)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = rgb + 3 * (y * WIDTH + x);
            pixel[0] = (uint8_t)(40 + 4 * x);
            pixel[1] = (uint8_t)(200 - 5 * y);
            pixel[2] = (uint8_t)(90 + 2 * x);
        }
}

static void what_is_written_is_decoded_to_nearly_the_same_pixels(void **state)
{
    uint8_t rgb[3 * WIDTH * HEIGHT], *jpeg;
    size_t size;
    struct error err;
    struct image image;
    const struct image_limits limits = {.max_pixels = 1000};

    (void)state;
    draw(rgb);
    assert_int_equal(encode_jpeg(&jpeg, &size, rgb, WIDTH, HEIGHT, 95, &err), STATUS_OK);
    assert_int_equal(whole_image_decode(&image, jpeg, size, &limits, &err), STATUS_OK);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
        assert_true(abs(image.rgb[i] - rgb[i]) <= 8); /* steps of quality 95, half of the chroma */
    image_free(&image);
    free(jpeg);
}

static void a_lower_quality_takes_fewer_bytes_and_the_same_input_the_same(void **state)
{
    uint8_t rgb[3 * WIDTH * HEIGHT], *good, *bad, *again;
    size_t good_size, bad_size, again_size;
    struct error err;

    (void)state;
    draw(rgb);
    assert_int_equal(encode_jpeg(&good, &good_size, rgb, WIDTH, HEIGHT, 95, &err), STATUS_OK);
    assert_int_equal(encode_jpeg(&again, &again_size, rgb, WIDTH, HEIGHT, 95, &err), STATUS_OK);
    assert_int_equal(encode_jpeg(&bad, &bad_size, rgb, WIDTH, HEIGHT, 20, &err), STATUS_OK);
    assert_true(bad_size < good_size);
    assert_int_equal(good_size, again_size);
    assert_memory_equal(good, again, good_size);
    free(good);
    free(bad);
    free(again);
}

/* 300 x 200 pixels of noise take more than the first piece of memory. */
static void noise_needs_more_room_and_gets_it_or_says_so(void **state)
{
    enum { W = 300, H = 200 };
    static uint8_t rgb[3 * W * H];
    uint8_t *jpeg;
    size_t size;
    unsigned seed = 1;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)((seed = seed * 1103515245U + 12345U) >> 16);
    FAILING_ALLOC_EACH(encode_jpeg(&jpeg, &size, rgb, W, H, 90, &err), &err)
        assert_null(jpeg);
    assert_true(size > 40000);
    assert_int_equal(jpeg[size - 2] << 8 | jpeg[size - 1], 0xFFD9); /* the end */
    free(jpeg);
}

static void sides_that_no_jpeg_has_are_an_error(void **state)
{
    uint8_t *jpeg, pixel[3] = {0};
    size_t size;
    struct error err;

    (void)state;
    assert_int_equal(encode_jpeg(&jpeg, &size, pixel, 70000, 1, 90, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "JPEG cannot be encoded"));
    assert_null(jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_decoded_to_nearly_the_same_pixels),
        cmocka_unit_test(a_lower_quality_takes_fewer_bytes_and_the_same_input_the_same),
        cmocka_unit_test(noise_needs_more_room_and_gets_it_or_says_so),
        cmocka_unit_test(sides_that_no_jpeg_has_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
