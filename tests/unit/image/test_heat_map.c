#include "image/heat_map.h"

#include "math/close.h"

#include <math.h>
#include <string.h>

enum { SIZE = 23 };

static uint8_t blended(uint8_t pixel, uint8_t colour)
{
    return (uint8_t)((pixel + colour + 1) / 2);
}

static void assert_colour(const uint8_t *got, uint8_t pixel, int r, int g, int b)
{
    const int colour[] = {r, g, b};
    for (int c = 0; c < 3; c++) /* one for the halves that colours of 127.5 have */
        if (abs(got[c] - blended(pixel, (uint8_t)colour[c])) > 1)
            fail_msg("channel %d is %d, expected %d", c, got[c],
                     blended(pixel, (uint8_t)colour[c]));
}

/* A row of map entries as wide as the image: nothing is between them. */
static void colours_go_from_blue_over_green_to_red(void **state)
{
    (void)state;
    const float map[5] = {0, 0.5F, 1, 1.5F, 2};
    uint8_t rgb[5][5][3];
    memset(rgb, 60, sizeof rgb);
    heat_map_blend((uint8_t *)rgb, 5, map, 1, 5);
    for (int y = 0; y < 5; y++) {
        assert_colour(rgb[y][0], 60, 0, 0, 128);
        assert_colour(rgb[y][1], 60, 0, 128, 255);
        assert_colour(rgb[y][2], 60, 128, 255, 128);
        assert_colour(rgb[y][3], 60, 255, 128, 0);
        assert_colour(rgb[y][4], 60, 128, 0, 0);
    }
}

/* Compared with a map that is as large as the image, of which nothing is enlarged. */
static void a_map_is_enlarged_bilinearly_around_pixel_centres(void **state)
{
    (void)state;
    close_seed(220);
    for (int trial = 0; trial < 20; trial++) {
        int height = close_pick(1, 9), width = close_pick(1, 9);
        float *map = close_normal((size_t)(height * width)), large[SIZE * SIZE];
        float most = 0;
        map[0] = 1; /* something is above 0 */
        for (int i = 0; i < height * width; i++)
            most = map[i] > most ? map[i] : most;
        for (int i = 0; i < SIZE * SIZE; i++) {
            /* By the definition: the sum over all entries of a tent around the pixel's centre, the
             * map continued by its edges. */
            double y = (i / SIZE + 0.5) * height / SIZE, x = (i % SIZE + 0.5) * width / SIZE;
            double sum = 0;
            for (int r = -1; r <= height; r++)
                for (int c = -1; c <= width; c++) {
                    double wy = fmax(0, 1 - fabs(y - 0.5 - r)), wx = fmax(0, 1 - fabs(x - 0.5 - c));
                    int at_y = r < 0 ? 0 : r < height ? r : height - 1;
                    int at_x = c < 0 ? 0 : c < width ? c : width - 1;
                    sum += wy * wx * (double)map[at_y * width + at_x];
                }
            large[i] = (float)sum;
        }
        uint8_t got[SIZE * SIZE][3], want[SIZE * SIZE][3];
        memset(got, 100, sizeof got);
        memset(want, 100, sizeof want);
        heat_map_blend((uint8_t *)got, SIZE, map, height, width);
        /* Scaled by its own maximum, unless the entry that is the small map's is in it. */
        float own = 0;
        int at = 0;
        for (int i = 0; i < SIZE * SIZE; i++)
            if (large[i] > own)
                own = large[i], at = i;
        assert_true(own <= most * 1.00001F);
        large[at] = most;
        heat_map_blend((uint8_t *)want, SIZE, large, SIZE, SIZE);
        for (int i = 0; i < SIZE * SIZE; i++)
            for (int c = 0; i != at && c < 3; c++)
                if (abs(got[i][c] - want[i][c]) > 1) /* large is rounded to floats */
                    fail_msg("%d x %d: pixel %d channel %d is %d, expected %d", height, width, i, c,
                             got[i][c], want[i][c]);
        free(map);
    }
}

static void assert_blue_all_over(const float *map, int height, int width)
{
    uint8_t rgb[SIZE * SIZE][3];
    memset(rgb, 200, sizeof rgb);
    heat_map_blend((uint8_t *)rgb, SIZE, map, height, width);
    for (int i = 0; i < SIZE * SIZE; i++)
        assert_colour(rgb[i], 200, 0, 0, 128);
}

static void what_is_not_above_zero_or_no_number_is_blue(void **state)
{
    (void)state;
    assert_blue_all_over((const float[]){-1, 0, -3, -2}, 2, 2);
    assert_blue_all_over((const float[]){NAN, NAN}, 1, 2);
    assert_blue_all_over((const float[]){INFINITY}, 1, 1);
    assert_blue_all_over((const float[]){-INFINITY}, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_go_from_blue_over_green_to_red),
        cmocka_unit_test(a_map_is_enlarged_bilinearly_around_pixel_centres),
        cmocka_unit_test(what_is_not_above_zero_or_no_number_is_blue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
