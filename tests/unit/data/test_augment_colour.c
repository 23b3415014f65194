#include "data/augment_colour.h"

#include "image/augment_golden.h"

#include <math.h>

enum { FACTORS = 3, TURNS = 4, PIXELS = GOLDEN_SIDE * GOLDEN_SIDE };

static void copy_image(uint8_t rgb[GOLDEN_BYTES])
{
    memcpy(rgb, golden("picture", GOLDEN_BYTES), GOLDEN_BYTES);
}

static void light(uint8_t *rgb, double brightness, double contrast)
{
    uint8_t table[256];
    augment_colour_light(table, rgb, PIXELS, brightness, contrast);
    augment_colour_map(rgb, PIXELS, table);
}

/* PIL cuts fractions off where these are rounded. */
static void brightness_contrast_and_saturation_are_those_of_pil(void **state)
{
    (void)state;
    static const char *const name[] = {"brightness", "contrast", "saturation"};
    uint8_t got[GOLDEN_BYTES];
    for (int kind = 0; kind < 3; kind++) {
        const uint8_t *want = golden(name[kind], (size_t)FACTORS * GOLDEN_BYTES);
        for (int i = 0; i < FACTORS; i++, want += GOLDEN_BYTES) {
            double factor = golden_number("factor", FACTORS, i);
            copy_image(got);
            if (kind == 2)
                augment_colour_saturate(got, PIXELS, factor);
            else
                light(got, kind == 0 ? factor : 1, kind == 1 ? factor : 1);
            assert_bytes_near(got, want, GOLDEN_BYTES, 1);
        }
    }
}

static void hue_turns_as_in_the_hexcone(void **state)
{
    (void)state;
    uint8_t got[GOLDEN_BYTES];
    float want[GOLDEN_BYTES];
    const unsigned char *all = golden("hue", (size_t)TURNS * sizeof want);
    for (int i = 0; i < TURNS; i++) {
        memcpy(want, all + (size_t)i * sizeof want, sizeof want);
        copy_image(got);
        augment_colour_turn_hue(got, PIXELS, golden_number("turns", TURNS, i));
        for (int b = 0; b < GOLDEN_BYTES; b++)
            if (fabs(got[b] - (double)want[b]) > 0.5 + 0.04) /* rounding, and the turn in 2^-12 */
                fail_msg("turn %d, byte %d: %d, not %g", i, b, got[b], (double)want[b]);
    }
}

static void strength_zero_changes_no_byte(void **state)
{
    (void)state;
    uint8_t got[GOLDEN_BYTES];
    copy_image(got);
    light(got, 1, 1);
    augment_colour_saturate(got, PIXELS, 1);
    augment_colour_turn_hue(got, PIXELS, 0);
    assert_memory_equal(got, golden("picture", GOLDEN_BYTES), GOLDEN_BYTES);
}

static double round_and_clip(double value)
{
    return fmin(fmax(floor(value + 0.5), 0), 255);
}

/* brightness, then contrast around the whole-numbered grey mean of what that gives. */
static void light_follows_its_formula(void **state)
{
    (void)state;
    uint8_t got[GOLDEN_BYTES];
    double bright[GOLDEN_BYTES], grey = 0;
    const uint8_t *image = golden("picture", GOLDEN_BYTES);
    copy_image(got);
    light(got, 1.3, 0.7);
    for (int i = 0; i < GOLDEN_BYTES; i++)
        bright[i] = round_and_clip(1.3 * image[i]);
    for (int i = 0; i < GOLDEN_BYTES; i += 3)
        grey += (19595 * bright[i] + 38470 * bright[i + 1] + 7471 * bright[i + 2]) / 65536 / PIXELS;
    grey = floor(grey + 0.5);
    for (int i = 0; i < GOLDEN_BYTES; i++)
        assert_true(got[i] == round_and_clip(grey + 0.7 * (bright[i] - grey)));
}

/* Each byte against the formula, within the 0.03 that the factor's 12 bits may cost. */
static void saturation_follows_its_formula_also_far_beyond_one(void **state)
{
    (void)state;
    static const double factor[] = {0, 0.6001, 1.4, 59.9};
    const uint8_t *image = golden("picture", GOLDEN_BYTES);
    uint8_t got[GOLDEN_BYTES];
    for (int f = 0; f < 4; f++) {
        copy_image(got);
        augment_colour_saturate(got, PIXELS, factor[f]);
        for (int i = 0; i < GOLDEN_BYTES; i++) {
            const uint8_t *p = image + i / 3 * 3;
            double grey = floor((19595 * p[0] + 38470 * p[1] + 7471 * p[2]) / 65536.0 + 0.5);
            double want = fmin(fmax(grey + factor[f] * (image[i] - grey), 0), 255);
            assert_true(fabs(got[i] - want) <= 0.5 + 0.04);
        }
    }
}

/* Every colour in steps: a turn and its opposite come back to a level, and value, saturation and
 * grey stay. */
static void hue_keeps_the_largest_and_the_smallest_channel(void **state)
{
    (void)state;
    for (int colour = 0; colour < 18 * 18 * 18; colour++) {
        const uint8_t before[3] = {(uint8_t)(colour % 18 * 15), (uint8_t)(colour / 18 % 18 * 15),
                                   (uint8_t)(colour / 324 * 15)};
        uint8_t rgb[3] = {before[0], before[1], before[2]};
        int most = 0, least = 255, high = 0, low = 255;
        for (int turn = 1; turn >= -1; turn -= 2) {
            augment_colour_turn_hue(rgb, 1, turn * 0.23);
            most = high = 0;
            least = low = 255;
            for (int c = 0; c < 3; c++) {
                most = before[c] > most ? before[c] : most;
                least = before[c] < least ? before[c] : least;
                high = rgb[c] > high ? rgb[c] : high;
                low = rgb[c] < low ? rgb[c] : low;
            }
            assert_int_equal(high, most);
            assert_int_equal(low, least);
        }
        assert_bytes_near(rgb, before, 3, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brightness_contrast_and_saturation_are_those_of_pil),
        cmocka_unit_test(hue_turns_as_in_the_hexcone),
        cmocka_unit_test(strength_zero_changes_no_byte),
        cmocka_unit_test(light_follows_its_formula),
        cmocka_unit_test(saturation_follows_its_formula_also_far_beyond_one),
        cmocka_unit_test(hue_keeps_the_largest_and_the_smallest_channel),
    };
    return cmocka_run_group_tests(tests, golden_open, golden_close);
}
