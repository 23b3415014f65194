#include "image/resize_stb.h"

#include "base/rng.h"
#include "failing_alloc.h"
#include "image/resize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/golden_resize.h"

/* The library by itself, without the assertions that fail for filters that it applies well. */
#define STBIR_ASSERT(x) ((void)0)
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

static struct error err;
static uint8_t resized[3 * 448 * 448];

static struct resize_target whole(const struct image *source, int side)
{
    return (struct resize_target){
        .box = {.width = source->width, .height = source->height},
        .rgb = resized,
        .row_bytes = 3 * (size_t)side,
        .width = side,
        .height = side,
    };
}

static void resize(const struct image *source, int side)
{
    const struct resize_target target = whole(source, side);

    assert_int_equal(resize_stb(&target, source->rgb, source->width, source->height, &err),
                     STATUS_OK);
}

/* On 27 sizes. Between its two passes PIL rounds to 8 bits and cuts off what overshoots: 0.32 at
 * most. At the edge it leaves out what is beyond, where the edge is repeated here: of 2 x 2
 * pixels 1.2. */
static void it_is_the_bicubic_of_pil(void **state)
{
    (void)state;
    golden_resize_all("resize_bicubic", resized, resize, 0.5, 1.5);
}

/* ---- beside the library's own passes ---- */

static uint8_t expected[sizeof resized];

static void resize_by_library(const struct resize_target *t, const struct image *in)
{
    const struct resize_box *box = &t->box;
    double x_scale = t->width / box->width, y_scale = t->height / box->height;
    double x_reach = 2 * (x_scale < 1 ? 1 / x_scale : 1) + 1;
    double y_reach = 2 * (y_scale < 1 ? 1 / y_scale : 1) + 1;
    int left = (int)fmax(floor(box->x - x_reach), 0);
    int right = (int)fmin(ceil(box->x + box->width + x_reach), in->width);
    int top = (int)fmax(floor(box->y - y_reach), 0);
    int bottom = (int)fmin(ceil(box->y + box->height + y_reach), in->height);
    assert_true(stbir_resize_subpixel(
        in->rgb + 3 * (top * in->width + left), right - left, bottom - top, 3 * in->width, t->rgb,
        t->width, t->height, (int)t->row_bytes, STBIR_TYPE_UINT8, 3, STBIR_ALPHA_CHANNEL_NONE, 0,
        STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, STBIR_FILTER_CATMULLROM, STBIR_FILTER_CATMULLROM,
        STBIR_COLORSPACE_LINEAR, NULL, (float)x_scale, (float)y_scale,
        (float)((box->x - left) * x_scale), (float)((box->y - top) * y_scale)));
}

static int between(struct rng *rng, int least, int most)
{
    return least + (int)rng_below(rng, (uint32_t)(most - least + 1));
}

/* Half of them all of the image. */
static struct resize_box draw_box(struct rng *rng, const struct image *in)
{
    struct resize_box box = {.width = in->width, .height = in->height};
    if (between(rng, 0, 1))
        return box;
    box.width *= between(rng, 10, 100) / 100.0;
    box.height *= between(rng, 10, 100) / 100.0;
    box.x = (in->width - box.width) * between(rng, 0, 100) / 100.0;
    box.y = (in->height - box.height) * between(rng, 0, 100) / 100.0;
    return box;
}

/* Noise overshoots at every pixel; enlarged, shrunk, one of them in each direction, in rows that
 * are no whole number of blocks. */
static void the_bytes_are_those_of_the_library(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (int i = 0; i < 400; i++) {
        int most = i % 4 == 0 ? 700 : i % 4 == 1 ? 90 : 9;
        struct image in = golden_blank(between(&rng, 1, most), between(&rng, 1, most));
        for (int k = 0; k < 3 * in.width * in.height; k++)
            in.rgb[k] = (uint8_t)(i % 8 < 4 ? rng_below(&rng, 256) : 255 * rng_below(&rng, 2));
        struct resize_target target = {.box = draw_box(&rng, &in),
                                       .rgb = resized,
                                       .width = between(&rng, 1, i % 3 == 0 ? 448 : 60),
                                       .height = between(&rng, 1, i % 3 == 1 ? 448 : 60)};
        target.row_bytes = 3 * (size_t)target.width;
        assert_int_equal(resize_stb(&target, in.rgb, in.width, in.height, &err), STATUS_OK);
        target.rgb = expected;
        resize_by_library(&target, &in);
        assert_memory_equal(resized, expected, (size_t)target.height * target.row_bytes);
        image_free(&in);
    }
}

/* The library counts bytes in 32 bits, and overran its memory here. */
static void a_side_of_more_than_a_million_is_refused(void **state)
{
    (void)state;
    uint8_t in[3] = {0};
    struct resize_target target = {.rgb = resized, .row_bytes = 3, .width = 1, .height = 1};
    target.box = (struct resize_box){0, 0, 178000000, 1};
    assert_int_equal(resize_stb(&target, in, 178000000, 1, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "image of 178000000 x 1 pixels has a side of more than"));
    target.box = (struct resize_box){0, 0, 1, RESIZE_MAX_SIDE + 1};
    assert_int_equal(resize_stb(&target, in, 1, RESIZE_MAX_SIDE + 1, &err), STATUS_FAILED);
}

static void one_colour_stays_one_colour(void **state)
{
    (void)state;
    for (int width = 521; width <= 699; width += 7) {
        struct image source = golden_blank(width, 1221 - width);

        memset(source.rgb, 77, 3 * (size_t)source.width * (size_t)source.height);
        resize(&source, 448);
        assert_int_equal(resized[0], 77);
        assert_memory_equal(resized, resized + 1, sizeof resized - 1);
        image_free(&source);
    }
}

static void a_image_of_the_right_size_is_copied(void **state)
{
    (void)state;
    struct image source = golden_source(448, 448);

    resize(&source, 448);
    assert_memory_equal(resized, source.rgb, sizeof resized);
    image_free(&source);
}

/* The middle quarter of a resize of everything to twice the side; what is outside of the target's
 * rows is left alone. */
static void a_box_is_the_part_of_a_larger_resize(void **state)
{
    (void)state;
    enum { SIDE = 60, PITCH = 3 * SIDE + 7 };
    struct image source = golden_source(310, 250);
    static uint8_t part[SIDE * PITCH];
    const struct resize_target target = {
        .box = {77.5, 62.5, 155, 125},
        .rgb = part,
        .row_bytes = PITCH,
        .width = SIDE,
        .height = SIDE,
    };

    memset(part, 99, sizeof part);
    resize(&source, 2 * SIDE);
    assert_int_equal(resize_stb(&target, source.rgb, 310, 250, &err), STATUS_OK);
    for (int y = 0; y < SIDE; y++) {
        for (int i = 0; i < 3 * SIDE; i++) /* places are counted in floats: a rounding may differ */
            assert_in_range(part[y * PITCH + i] + 1 -
                                resized[3 * ((y + SIDE / 2) * 2 * SIDE + SIDE / 2) + i],
                            0, 2);
        for (int i = 3 * SIDE; i < PITCH; i++)
            assert_int_equal(part[y * PITCH + i], 99);
    }
    image_free(&source);
}

/* What counts is that ASan and UBSan are silent, the more so as the library's own checks are off.
 */
static void odd_sizes_and_boxes_do_no_harm(void **state)
{
    (void)state;
    static const int sides[] = {1, 2, 3, 5, 7, 223, 447, 449, 897, 4096, 20000};
    static const int results[] = {1, 2, 31, 224, 448};
    size_t n = sizeof sides / sizeof sides[0];

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof results / sizeof results[0]; k++) {
            struct image wide = golden_source(sides[i], 3), high = golden_source(2, sides[i]);
            struct resize_target target = whole(&wide, results[k]);

            resize(&wide, results[k]);
            resize(&high, results[k]);
            target.box = (struct resize_box){sides[i] * 0.3, 0.1, sides[i] * 0.31, 1.7};
            assert_int_equal(resize_stb(&target, wide.rgb, wide.width, wide.height, &err),
                             STATUS_OK);
            image_free(&wide);
            image_free(&high);
        }
    }
}

static void a_failing_allocation_is_an_error(void **state)
{
    (void)state;
    struct image source = golden_source(5, 5);
    const struct resize_target target = whole(&source, 448);

    FAILING_ALLOC_EACH(resize_stb(&target, source.rgb, 5, 5, &err), &err)
        assert_null(strstr(err.message, "no 0 bytes"));
    image_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_bicubic_of_pil),
        cmocka_unit_test(the_bytes_are_those_of_the_library),
        cmocka_unit_test(a_side_of_more_than_a_million_is_refused),
        cmocka_unit_test(one_colour_stays_one_colour),
        cmocka_unit_test(a_image_of_the_right_size_is_copied),
        cmocka_unit_test(a_box_is_the_part_of_a_larger_resize),
        cmocka_unit_test(odd_sizes_and_boxes_do_no_harm),
        cmocka_unit_test(a_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
