/* That the mean of a network's map is its logit is test_model_kinds'. */
#include "nn/cam.h"

#include "math/close.h"

static void a_map_is_that_of_its_twin_in_double_precision(void **state)
{
    (void)state;
    close_seed(210);
    for (int trial = 0; trial < 50; trial++) {
        const struct shape s = {close_pick(1, 9), close_pick(1, 9), close_pick(1, 130)};
        size_t pixels = shape_pixels(s);
        float *x = close_normal(shape_floats(s)), *weight = close_normal((size_t)s.channels);
        float *map = close_filled(pixels, 7);
        double *want = close_doubles(pixels);
        /* Channel by channel: another order of the same sum. */
        for (int c = s.channels - 1; c >= 0; c--)
            for (size_t i = 0; i < pixels; i++)
                want[i] += (double)x[i * (size_t)s.channels + (size_t)c] * (double)weight[c];
        cam_map(map, x, s, weight);
        assert_close(map, want, pixels, 1e-7); /* a sum in double, rounded once */
        free(x);
        free(weight);
        free(map);
        free(want);
    }
}

static void each_place_shows_its_own_channels(void **state)
{
    (void)state;
    const float x[] = {1, 0, /**/ 0, 1, /**/ 2, 3, /**/ 0, 0, /**/ -1, 1, /**/ 0, 2};
    const float weight[] = {10, -1}, want[] = {10, -1, 17, 0, -11, -2};
    float map[6];
    cam_map(map, x, (struct shape){2, 3, 2}, weight);
    assert_memory_equal(map, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_that_of_its_twin_in_double_precision),
        cmocka_unit_test(each_place_shows_its_own_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
