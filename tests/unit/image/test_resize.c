#include "image/resize.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/golden_resize.h"

/* Its assertions fail for sizes that it resizes well; Debian's compiled library keeps them. */
#define STBIR_ASSERT(x) ((void)0)
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

static struct error err;
static uint8_t resized[3 * 448 * 448];

static void resize(const struct image *source, int side)
{
    assert_int_equal(resize_bilinear(resized, side, source, &err), STATUS_OK);
}

/* PIL rounds to 8 bits between its two passes: 0.25 on noise. Another filter is 3 and more away. */
static void it_is_the_antialiased_bilinear_of_pil(void **state)
{
    (void)state;
    golden_resize_all("resize", resized, resize, 0.3, 0.3);
}

/* Where an assertion of stb_image_resize fails. An image of one colour stays what it is when the
 * weights of each result add up to one. */
static void one_colour_stays_one_colour_from_521_to_699(void **state)
{
    (void)state;
    for (int width = 521; width <= 699; width++) {
        struct image source = golden_blank(width, 1221 - width);

        memset(source.rgb, 77, 3 * (size_t)source.width * (size_t)source.height);
        assert_int_equal(resize_bilinear(resized, 448, &source, &err), STATUS_OK);
        /* All bytes are 77 when the first is and each equals the next. */
        assert_int_equal(resized[0], 77);
        assert_memory_equal(resized, resized + 1, sizeof resized - 1);
        image_free(&source);
    }
}

static void a_image_of_the_right_size_is_copied(void **state)
{
    (void)state;
    struct image source = golden_source(448, 448);

    assert_int_equal(resize_bilinear(resized, 448, &source, &err), STATUS_OK);
    assert_memory_equal(resized, source.rgb, sizeof resized);
    image_free(&source);
}

/* A reference of other origin, for whole images: it repeats the edge's pixels where we cut the
 * filter off, and is in float. */
static void it_is_the_triangle_of_stb(void **state)
{
    (void)state;
    static const int sizes[][3] = {{1600, 1200, 448}, {400, 533, 448}, {99, 1333, 448},
                                   {447, 449, 96},    {30, 20, 448},   {2048, 9, 64}};
    static uint8_t reference[sizeof resized];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct image source = golden_source(sizes[i][0], sizes[i][1]);
        int side = sizes[i][2], n = 3 * side * side;
        double sum = 0;

        assert_int_equal(resize_bilinear(resized, side, &source, &err), STATUS_OK);
        assert_true(
            stbir_resize_uint8_generic(source.rgb, source.width, source.height, 0, reference, side,
                                       side, 0, 3, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP,
                                       STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, NULL));
        for (int k = 0; k < n; k++)
            sum += abs(resized[k] - reference[k]);
        /* The edges of noise: 0.16 at most. */
        if (sum / n > 0.3)
            fail_msg("%d x %d: %.3f grey levels from stb", source.width, source.height, sum / n);
        image_free(&source);
    }
}

/* Sizes that are hard on the counting of weights; what counts is that ASan and UBSan are silent. */
static void odd_sizes_do_no_harm(void **state)
{
    (void)state;
    static const int sides[] = {1, 2, 3, 5, 7, 223, 447, 449, 895, 897, 1343, 4096, 65500};
    static const int results[] = {1, 2, 31, 224, 448};
    size_t n = sizeof sides / sizeof sides[0];

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof results / sizeof results[0]; k++) {
            struct image wide = golden_source(sides[i], sides[n - 1 - i] < 50 ? 3 : 2);
            struct image high = golden_source(sides[i] < 50 ? 3 : 2, sides[i]);

            assert_int_equal(resize_bilinear(resized, results[k], &wide, &err), STATUS_OK);
            assert_int_equal(resize_bilinear(resized, results[k], &high, &err), STATUS_OK);
            image_free(&wide);
            image_free(&high);
        }
    }
}

static void the_longest_side_works_and_a_longer_one_is_refused(void **state)
{
    (void)state;
    struct image image = golden_blank(RESIZE_MAX_SIDE, 1);

    memset(image.rgb, 200, 3 * (size_t)image.width);
    assert_int_equal(resize_bilinear(resized, 32, &image, &err), STATUS_OK);
    for (int i = 0; i < 3 * 32 * 32; i++)
        assert_int_equal(resized[i], 200);
    image_free(&image);

    image = golden_blank(1, RESIZE_MAX_SIDE + 1);
    assert_int_equal(resize_bilinear(resized, 32, &image, &err), STATUS_FAILED);
    assert_string_equal(err.message, "image of 1 x 1048577 pixels has a side of more than 1048576");
    image_free(&image);
}

static void a_failing_allocation_is_an_error(void **state)
{
    (void)state;
    struct image source = golden_source(5, 5);

    FAILING_ALLOC_EACH(resize_bilinear(resized, 448, &source, &err), &err)
        ;
    image_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_antialiased_bilinear_of_pil),
        cmocka_unit_test(one_colour_stays_one_colour_from_521_to_699),
        cmocka_unit_test(a_image_of_the_right_size_is_copied),
        cmocka_unit_test(it_is_the_triangle_of_stb),
        cmocka_unit_test(odd_sizes_do_no_harm),
        cmocka_unit_test(the_longest_side_works_and_a_longer_one_is_refused),
        cmocka_unit_test(a_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
