#include "image/image_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void lies(const struct image_fit *fit, int width, int height, struct image_fit_place want)
{
    struct image_fit_place p = image_fit_whole(fit, (double)width / height);

    if (p.x != want.x || p.y != want.y || p.width != want.width || p.height != want.height)
        fail_msg("%d x %d lies at %d,%d with %d x %d", width, height, p.x, p.y, p.width, p.height);
}

static void squashed_it_is_the_square(void **state)
{
    (void)state;
    const struct image_fit fit = {.size = 224};

    lies(&fit, 640, 480, (struct image_fit_place){0, 0, 224, 224});
    lies(&fit, 1, 5000, (struct image_fit_place){0, 0, 224, 224});
}

/* The long side is cut off to a whole number, half a pixel goes to the even side. */
static void cropped_it_lies_as_torchvision_has_it(void **state)
{
    (void)state;
    const struct image_fit fit = {.size = 224, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.875};
    const struct image_fit tight = {.size = 224, .resize = IMAGE_FIT_CROP, .crop_fraction = 1};
    const struct image_fit odd = {.size = 10, .resize = IMAGE_FIT_CROP, .crop_fraction = 1};

    lies(&fit, 640, 480, (struct image_fit_place){-58, -16, 341, 256}); /* 341.3; 58.5 -> 58 */
    lies(&fit, 480, 640, (struct image_fit_place){-16, -58, 256, 341});
    lies(&fit, 500, 500, (struct image_fit_place){-16, -16, 256, 256});
    lies(&tight, 640, 480, (struct image_fit_place){-37, 0, 298, 224}); /* 298.7 */
    lies(&odd, 11, 10, (struct image_fit_place){0, 0, 11, 10});         /* 0.5 -> 0 */
    lies(&odd, 13, 10, (struct image_fit_place){-2, 0, 13, 10});        /* 1.5 -> 2 */
    /* 10 x 49 / 7 is 70 although 49 / 7 may not be 7 in floating point, nor 7 / 49 x 10 / 49. */
    for (int n = 1; n < 300; n++) {
        lies(&odd, 10 * n, n, (struct image_fit_place){-45, 0, 100, 10});
        lies(&odd, n, 10 * n, (struct image_fit_place){0, -45, 10, 100});
    }
}

static void letterboxed_it_lies_as_pil_pads_it(void **state)
{
    (void)state;
    const struct image_fit fit = {.size = 224, .resize = IMAGE_FIT_LETTERBOX};

    lies(&fit, 640, 480, (struct image_fit_place){0, 28, 224, 168});
    lies(&fit, 480, 640, (struct image_fit_place){28, 0, 168, 224});
    lies(&fit, 100, 100, (struct image_fit_place){0, 0, 224, 224});
    lies(&fit, 448, 223, (struct image_fit_place){0, 56, 224, 112}); /* 111.5 -> 112 */
    lies(&fit, 448, 225, (struct image_fit_place){0, 56, 224, 112}); /* 112.5 -> 112 */
    lies(&fit, 448, 3, (struct image_fit_place){0, 111, 224, 2});    /* 1.5 -> 2 */
    lies(&fit, 5000, 1, (struct image_fit_place){0, 112, 224, 1}); /* never nothing; 111.5 -> 112 */
}

static void a_fraction_may_be_rounded(void **state)
{
    (void)state;
    static const double fractions[] = {224.0 / 232, 0.965517241, 0.965517242, 0.9655172};

    for (int i = 0; i < 4; i++)
        assert_int_equal(
            image_fit_short_side(&(struct image_fit){.size = 224, .crop_fraction = fractions[i]}),
            232);
    assert_int_equal(image_fit_short_side(&(struct image_fit){.size = 224, .crop_fraction = 0.95}),
                     235);
}

static void what_is_shown_is_all_of_the_square_unless_there_are_bars(void **state)
{
    (void)state;
    const struct image_fit crop = {.size = 50, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.5};
    const struct image_fit letterbox = {.size = 50, .resize = IMAGE_FIT_LETTERBOX};
    struct image_fit_place p = image_fit_shown(&crop, 1.7);

    assert_true(p.x == 0 && p.y == 0 && p.width == 50 && p.height == 50);
    p = image_fit_shown(&letterbox, 0.5);
    assert_true(p.x == 12 && p.y == 0 && p.width == 25 && p.height == 50);
}

static void fits_are_equal_when_their_pixels_are(void **state)
{
    (void)state;
    const struct image_fit base = {.size = 224, .crop_fraction = 0.875};
    struct image_fit other = base;

    other.crop_fraction = 0.5; /* nothing is cropped */
    assert_true(image_fit_equal(&base, &other));
    other.size++;
    assert_false(image_fit_equal(&base, &other));
    other = base;
    other.interpolation = IMAGE_FIT_BICUBIC;
    assert_false(image_fit_equal(&base, &other));
    other = base;
    other.resize = IMAGE_FIT_LETTERBOX;
    assert_false(image_fit_equal(&base, &other));
    struct image_fit crop = base, tighter = base;
    crop.resize = tighter.resize = IMAGE_FIT_CROP;
    assert_true(image_fit_equal(&crop, &tighter));
    tighter.crop_fraction = 0.9;
    assert_false(image_fit_equal(&crop, &tighter));
}

static void edges_spread_over_the_bars(void **state)
{
    (void)state;
    enum { SIDE = 5 };
    uint8_t rgb[SIDE][SIDE][3] = {0};

    for (int y = 1; y < 4; y++)
        for (int x = 2; x < 4; x++)
            memset(rgb[y][x], 10 * y + x, 3);
    image_fit_spread_edges(rgb[0][0], SIDE, &(struct image_fit_place){2, 1, 2, 3});
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            int near_x = x < 2 ? 2 : x > 3 ? 3 : x, near_y = y < 1 ? 1 : y > 3 ? 3 : y;

            assert_int_equal(rgb[y][x][0], 10 * near_y + near_x);
            assert_int_equal(rgb[y][x][2], 10 * near_y + near_x);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squashed_it_is_the_square),
        cmocka_unit_test(cropped_it_lies_as_torchvision_has_it),
        cmocka_unit_test(letterboxed_it_lies_as_pil_pads_it),
        cmocka_unit_test(a_fraction_may_be_rounded),
        cmocka_unit_test(what_is_shown_is_all_of_the_square_unless_there_are_bars),
        cmocka_unit_test(fits_are_equal_when_their_pixels_are),
        cmocka_unit_test(edges_spread_over_the_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
