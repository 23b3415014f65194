#include "image/rotate.h"

#include "image/augment_golden.h"

#include <math.h>

enum { ANGLES = 6 };

static void a_turned_image_is_that_of_pil(void **state)
{
    (void)state;
    uint8_t got[GOLDEN_BYTES];
    const uint8_t *image = golden("picture", GOLDEN_BYTES);
    const uint8_t *want = golden("rotated", (size_t)ANGLES * GOLDEN_BYTES);
    for (int i = 0; i < ANGLES; i++, want += GOLDEN_BYTES) {
        rotate_run(got, image, GOLDEN_SIDE, golden_number("degrees", ANGLES, i));
        assert_bytes_near(got, want, GOLDEN_BYTES, 1); /* PIL cuts fractions off */
    }
}

static void quarters_and_halves_move_bytes_as_they_are(void **state)
{
    (void)state;
    enum { SIDE = 7 };
    uint8_t in[SIDE][SIDE][3], out[SIDE][SIDE][3];
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        ((uint8_t *)in)[i] = (uint8_t)(i * 37 + 11);
    rotate_run((uint8_t *)out, (uint8_t *)in, SIDE, 0);
    assert_memory_equal(out, in, sizeof in);
    for (int quarters = -3; quarters <= 3; quarters++) {
        rotate_run((uint8_t *)out, (uint8_t *)in, SIDE, 90.0 * quarters);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int from_x = x, from_y = y;
                for (int i = 0; i < (quarters + 4) % 4; i++) { /* counter-clockwise */
                    int kept = from_x;
                    from_x = SIDE - 1 - from_y;
                    from_y = kept;
                }
                assert_memory_equal(out[y][x], in[from_y][from_x], 3);
            }
    }
}

/* The bilinear value of a channel by its definition; a place outside is black. */
static double value_at(const uint8_t *in, int side, double x, double y, int channel)
{
    double sum = 0;
    if (x < 0 || x >= side || y < 0 || y >= side)
        return 0;
    for (int row = -1; row <= side; row++)
        for (int column = -1; column <= side; column++) {
            double wx = 1 - fabs(x - 0.5 - column), wy = 1 - fabs(y - 0.5 - row);
            int at_x = column < 0 ? 0 : column < side ? column : side - 1;
            int at_y = row < 0 ? 0 : row < side ? row : side - 1;
            if (wx > 0 && wy > 0)
                sum += wx * wy * in[3 * (at_y * side + at_x) + channel];
        }
    return sum;
}

static void any_angle_and_side_agree_with_the_definition(void **state)
{
    (void)state;
    enum { MOST = 19 };
    static uint8_t in[3 * MOST * MOST], out[3 * MOST * MOST];
    for (int i = 0; i < 3 * MOST * MOST; i++)
        in[i] = (uint8_t)(i * i * 31 + i * 7);
    for (int side = 1; side <= MOST; side += 3) {
        for (double degrees = -175; degrees < 180; degrees += 13.7) {
            double c = cos(degrees * acos(-1) / 180), s = sin(degrees * acos(-1) / 180);
            rotate_run(out, in, side, degrees);
            for (int i = 0; i < 3 * side * side; i++) {
                double dx = i / 3 % side + 0.5 - side / 2.0, dy = i / 3 / side + 0.5 - side / 2.0;
                double x = side / 2.0 + c * dx - s * dy, y = side / 2.0 + s * dx + c * dy;
                double want = value_at(in, side, x, y, i % 3);
                /* 0.25 for weights of 10 bits, 0.5 for the byte. */
                assert_true(fabs(out[i] - want) <= 0.75);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turned_image_is_that_of_pil, golden_open, golden_close),
        cmocka_unit_test(quarters_and_halves_move_bytes_as_they_are),
        cmocka_unit_test(any_angle_and_side_agree_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
