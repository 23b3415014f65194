#include "math/im2col.h"

#include "math/close.h"

#include <string.h>

struct window {
    int height, width, channels, out_height, out_width, kernel, stride, pad;
};

static struct window random_window(int channels)
{
    struct window v = {.channels = channels, .kernel = close_pick(1, 7)};
    v.stride = close_pick(1, 3);
    v.pad = close_pick(0, v.kernel - 1);
    v.height = close_pick(1, 13);
    v.width = close_pick(1, 13);
    if (v.height + 2 * v.pad < v.kernel)
        v.height = v.kernel;
    if (v.width + 2 * v.pad < v.kernel)
        v.width = v.kernel;
    v.out_height = (v.height + 2 * v.pad - v.kernel) / v.stride + 1;
    v.out_width = (v.width + 2 * v.pad - v.kernel) / v.stride + 1;
    return v;
}

static size_t col_floats(const struct window *v)
{
    return (size_t)v->out_height * v->out_width * v->kernel * v->kernel * v->channels;
}

/* The place in the source of one number of col, or -1 in the padding; `at` counts col's numbers. */
static long source_place(const struct window *v, size_t at)
{
    int c = (int)(at % v->channels), s = (int)(at / v->channels % v->kernel);
    int r = (int)(at / v->channels / v->kernel % v->kernel);
    int position = (int)(at / v->channels / v->kernel / v->kernel);
    int h = position / v->out_width * v->stride + r - v->pad;
    int w = position % v->out_width * v->stride + s - v->pad;
    if (h < 0 || h >= v->height || w < 0 || w >= v->width)
        return -1;
    return ((long)h * v->width + w) * v->channels + c;
}

/* The whole image in two calls, cut at a random row. */
static void gather(float *col, const float *x, int pitch, const struct window *v)
{
    struct im2col_run run[7];
    struct im2col_shape s = {v->height,    v->width,  v->channels, pitch,
                             v->out_width, v->stride, run,         v->kernel};
    for (int r = 0; r < v->kernel; r++)
        run[r] = (struct im2col_run){r - v->pad, -v->pad, v->kernel};
    int cut = close_pick(0, v->out_height);
    size_t row = col_floats(v) / v->out_height;
    im2col(col, x, &s, 0, cut);
    im2col(col + cut * row, x, &s, cut, v->out_height - cut);
}

static const int CHANNELS[] = {1, 3, 5, 16, 33};

static void rows_hold_the_pixels_under_the_filter_and_zeros_outside(void **state)
{
    (void)state;
    close_seed(2);
    for (int i = 0; i < 100; i++) {
        struct window v = random_window(CHANNELS[i % 5]);
        size_t n = col_floats(&v);
        float *x = close_normal((size_t)v.height * v.width * v.channels);
        float *col = close_filled(n, NAN);
        gather(col, x, v.channels, &v);
        for (size_t at = 0; at < n; at++) {
            long place = source_place(&v, at);
            assert_true(col[at] == (place < 0 ? 0 : x[place]));
        }
        free(x);
        free(col);
    }
}

/* NaN between the slices would be found in col. */
static void a_slice_of_a_wider_image_gives_the_rows_of_the_slice_alone(void **state)
{
    (void)state;
    close_seed(4);
    for (int i = 0; i < 50; i++) {
        struct window v = random_window(CHANNELS[i % 5]);
        int pitch = v.channels + close_pick(1, 9);
        size_t n = col_floats(&v), pixels = (size_t)v.height * v.width;
        float *x = close_normal(pixels * v.channels), *wide = close_filled(pixels * pitch, NAN);
        float *col = close_filled(n, NAN), *want = close_filled(n, NAN);
        for (size_t p = 0; p < pixels; p++)
            memcpy(wide + p * pitch, x + p * v.channels, v.channels * sizeof *x);
        gather(want, x, v.channels, &v);
        gather(col, wide, pitch, &v);
        assert_memory_equal(col, want, n * sizeof *col);
        free(x);
        free(wide);
        free(col);
        free(want);
    }
}

static void single_taps_and_scattered_rows_come_in_the_order_of_the_runs(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}; /* 3 x 3 */
    const struct im2col_run run[] = {{2, 1, 1}, {0, -1, 2}};
    const struct im2col_shape s = {3, 3, 1, 1, 2, 1, run, 2};
    const float want[] = {8, 0, 1, 9, 1, 2, 0, 0, 4, 0, 4, 5};
    float col[12];
    im2col(col, x, &s, 0, 2);
    assert_memory_equal(col, want, sizeof want);
}

/* The plain col2im in double: each number goes back to the pixel that it came from. */
static void im2col_and_col2im_are_adjoints(void **state)
{
    (void)state;
    close_seed(3);
    for (int i = 0; i < 50; i++) {
        struct window v = random_window(CHANNELS[i % 5]);
        size_t n = col_floats(&v), n_x = (size_t)v.height * v.width * v.channels;
        float *x = close_normal(n_x), *c = close_normal(n), *col = close_floats(n);
        double *back = close_doubles(n_x), left = 0, right = 0, size = 0;
        gather(col, x, v.channels, &v);
        for (size_t at = 0; at < n; at++) {
            long place = source_place(&v, at);
            if (place >= 0)
                back[place] += c[at];
            left += (double)col[at] * c[at];
            size += fabs((double)col[at] * c[at]);
        }
        for (size_t at = 0; at < n_x; at++)
            right += x[at] * back[at];
        /* The same products, summed in another order in double. */
        assert_true(fabs(left - right) <= 1e-13 * size);
        free(x);
        free(c);
        free(col);
        free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_the_pixels_under_the_filter_and_zeros_outside),
        cmocka_unit_test(a_slice_of_a_wider_image_gives_the_rows_of_the_slice_alone),
        cmocka_unit_test(single_taps_and_scattered_rows_come_in_the_order_of_the_runs),
        cmocka_unit_test(im2col_and_col2im_are_adjoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
