/* image/encode_png: what is written is what our own decoder reads, and nothing else. */
#include "image/encode_png.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "whole_image.h"

static void encode(char **bytes, size_t *n_bytes, const uint8_t *rgb, int width, int height)
{
    struct error err;
    FILE *stream = open_memstream(bytes, n_bytes);

    assert_non_null(stream);
    assert_int_equal(encode_png(stream, rgb, width, height, &err), STATUS_OK);
    assert_int_equal(fclose(stream), 0);
}

static void pixels_come_back(void **state)
{
    static const int side[][2] = {{1, 1}, {1, 9}, {7, 1}, {301, 17}};
    static uint8_t rgb[301 * 17 * 3];
    const struct image_limits limits = {.max_pixels = 301 * 17};
    struct rng rng;
    struct error err;

    (void)state;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)rng_below(&rng, 256);
    for (size_t i = 0; i < sizeof side / sizeof side[0]; i++) {
        int width = side[i][0], height = side[i][1];
        char *bytes, *again;
        size_t n, n_again;
        struct image back;
        encode(&bytes, &n, rgb, width, height);
        encode(&again, &n_again, rgb, width, height);
        assert_int_equal(n, n_again);
        assert_memory_equal(bytes, again, n); /* no clock in it */
        assert_int_equal(whole_image_decode(&back, (const uint8_t *)bytes, n, &limits, &err),
                         STATUS_OK);
        assert_int_equal(back.width, width);
        assert_int_equal(back.height, height);
        assert_memory_equal(back.rgb, rgb, 3 * (size_t)width * (size_t)height);
        image_free(&back);
        free(bytes);
        free(again);
    }
}

/* libpng jumps out of png_set_IHDR: what it had taken is given back (the leak sanitizer looks). */
static void what_the_library_refuses_is_an_error(void **state)
{
    const uint8_t rgb[3] = {0};
    char *bytes;
    size_t n;
    struct error err;
    FILE *stream = open_memstream(&bytes, &n);

    (void)state;
    assert_non_null(stream);
    assert_int_equal(encode_png(stream, rgb, 0, 1, &err), STATUS_FAILED);
    assert_memory_equal(err.message, "PNG cannot be encoded: ", 23);
    assert_int_equal(fclose(stream), 0);
    free(bytes);
}

static void a_full_disk_is_remembered_by_the_stream(void **state)
{
    const uint8_t rgb[3] = {1, 2, 3};
    struct error err;
    FILE *stream = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(stream);
    assert_int_equal(encode_png(stream, rgb, 1, 1, &err), STATUS_OK);
    assert_int_not_equal(fclose(stream), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_come_back),
        cmocka_unit_test(what_the_library_refuses_is_an_error),
        cmocka_unit_test(a_full_disk_is_remembered_by_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
