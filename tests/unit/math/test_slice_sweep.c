/* Sums of channel slices, at every processor level. */
#include "math/levels.h"

#include <string.h>

enum { PIXELS = 13 };
#define BETWEEN 1234.5f

/* Each array with gaps of its own, in which NaN would be seen if it were read. */
static void compare(const struct kernels *k, int channels, const int *gap, bool adds)
{
    size_t pitch[3], n[3];
    for (int i = 0; i < 3; i++) {
        pitch[i] = (size_t)(channels + gap[i]);
        n[i] = PIXELS * pitch[i] - (size_t)gap[i]; /* the last pixel has no gap */
    }
    float *out = close_filled(n[0], BETWEEN), *a = close_normal(n[1]), *b = close_normal(n[2]);
    float *want = close_filled(n[0], BETWEEN), *onto = close_floats(n[0]);
    for (size_t p = 0; p < PIXELS; p++)
        for (size_t c = 0; c < (size_t)channels; c++)
            want[p * pitch[0] + c] = a[p * pitch[1] + c] + (adds ? b[p * pitch[2] + c] : 0);
    k->slice_add(out, pitch[0], a, pitch[1], adds ? b : NULL, pitch[2], PIXELS, channels);
    assert_memory_equal(out, want, n[0] * sizeof *out);

    memcpy(onto, out, n[0] * sizeof *onto); /* out may be a */
    for (size_t p = 0; p < PIXELS; p++)
        for (size_t c = 0; c < (size_t)channels; c++)
            want[p * pitch[0] + c] += adds ? b[p * pitch[2] + c] : 0;
    k->slice_add(onto, pitch[0], onto, pitch[0], adds ? b : NULL, pitch[2], PIXELS, channels);
    assert_memory_equal(onto, want, n[0] * sizeof *onto);
    free(out);
    free(a);
    free(b);
    free(want);
    free(onto);
}

static void check(const struct kernels *k)
{
    static const int channels[] = {1, 3, 4, 8, 15, 16, 17, 26, 52, 104};
    static const int gaps[][3] = {{0, 0, 0}, {78, 0, 78}, {0, 5, 1}, {3, 2, 0}};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        for (size_t j = 0; j < sizeof gaps / sizeof gaps[0]; j++) {
            compare(k, channels[i], gaps[j], true);
            compare(k, channels[i], gaps[j], false);
        }
}

static void slices_are_added_and_what_lies_between_stays(void **state)
{
    (void)state;
    levels_each(check, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_added_and_what_lies_between_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
