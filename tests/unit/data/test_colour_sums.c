/* data/colour_sums: exact, in any order, against numbers counted by hand and a plain twin. */
#include "data/colour_sums.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void two_pixels_by_hand(void **state)
{
    const uint8_t rgb[6] = {0, 51, 255, 255, 153, 254};
    struct colour_sums s = {0};
    float mean[3], std[3];

    (void)state;
    colour_sums_add(&s, rgb, 2);
    assert_true(colour_sums_mean_std(mean, std, &s));
    assert_true(mean[0] == 0.5F && std[0] == 0.5F);
    assert_true(mean[1] == 0.4F && std[1] == 0.2F);               /* 102 and 51 of 255 */
    assert_true(mean[2] == 509.0F / 510 && std[2] == 1.0F / 510); /* 254.5 and 0.5 */
}

static void a_channel_that_never_changes_has_no_std(void **state)
{
    const uint8_t rgb[6] = {1, 200, 3, 2, 200, 4};
    struct colour_sums s = {0};
    float mean[3] = {7}, std[3] = {7};

    (void)state;
    assert_false(colour_sums_mean_std(mean, std, &s)); /* no pixel at all */
    for (int i = 0; i < 1000; i++)
        colour_sums_add(&s, rgb, 2);
    assert_false(colour_sums_mean_std(mean, std, &s));
    assert_true(mean[0] == 7 && std[0] == 7);
}

enum { PIXELS = 100000 }; /* several blocks and a rest */

static void many_pixels_agree_with_a_plain_sum_whatever_the_order(void **state)
{
    static uint8_t rgb[3 * PIXELS];
    struct colour_sums whole = {0}, first = {0}, last = {0};
    struct rng rng;
    float mean[3], std[3];

    (void)state;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (int i = 0; i < 3 * PIXELS;
         i++) /* dark red, all greens, white blues: sums that are large */
        rgb[i] = (uint8_t)(i % 3 == 0   ? rng_below(&rng, 9)
                           : i % 3 == 1 ? rng_below(&rng, 256)
                                        : 255);
    rgb[2] = 0;
    colour_sums_add(&whole, rgb, PIXELS);
    colour_sums_add(&first, rgb, 1000);
    colour_sums_add(&last, rgb + 3000, PIXELS - 1000);
    colour_sums_merge(&last, &first);
    assert_memory_equal(&whole, &last, sizeof whole);

    assert_true(colour_sums_mean_std(mean, std, &whole));
    for (int c = 0; c < 3; c++) {
        long double sum = 0, spread = 0;
        for (int i = 0; i < PIXELS; i++)
            sum += rgb[3 * i + c];
        for (int i = 0; i < PIXELS; i++)
            spread += (rgb[3 * i + c] - sum / PIXELS) * (rgb[3 * i + c] - sum / PIXELS);
        /* Both are rounded once, to float: half a unit in its last place. */
        assert_true(fabsl(mean[c] - sum / PIXELS / 255) <= 6e-8L);
        assert_true(fabsl(std[c] - sqrtl(spread / PIXELS) / 255) <= 6e-8L);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_pixels_by_hand),
        cmocka_unit_test(a_channel_that_never_changes_has_no_std),
        cmocka_unit_test(many_pixels_agree_with_a_plain_sum_whatever_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
