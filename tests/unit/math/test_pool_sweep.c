/* Max-pool at every processor level beside plain loops. */
#include "math/levels.h"

#include <string.h>

static struct kernels_pool random_pool(int channels)
{
    struct kernels_pool p = {.channels = channels, .kernel = close_pick(1, 5)};
    p.stride = close_pick(1, 3);
    p.pad = close_pick(0, p.kernel / 2);
    p.height = close_pick(p.kernel, 14);
    p.width = close_pick(p.kernel, 14);
    p.out_height = (p.height + 2 * p.pad - p.kernel) / p.stride + 1;
    p.out_width = (p.width + 2 * p.pad - p.kernel) / p.stride + 1;
    return p;
}

/* The place in x of a tap of the window of output `at`, or -1 in the padding. */
static long place_of(const struct kernels_pool *p, size_t at, int tap)
{
    size_t c = at % p->channels, position = at / p->channels;
    int h = (int)(position / p->out_width) * p->stride + tap / p->kernel - p->pad;
    int w = (int)(position % p->out_width) * p->stride + tap % p->kernel - p->pad;
    if (h < 0 || h >= p->height || w < 0 || w >= p->width)
        return -1;
    return (long)(((size_t)h * p->width + w) * p->channels + c);
}

/* The first largest; the first NaN before everything else. */
static int wanted_tap(const struct kernels_pool *p, const float *x, size_t at)
{
    int best = -1;
    float largest = 0;
    for (int tap = 0; tap < p->kernel * p->kernel; tap++) {
        long place = place_of(p, at, tap);
        if (place < 0)
            continue;
        if (best < 0 || x[place] > largest || (isnan(x[place]) && !isnan(largest))) {
            best = tap;
            largest = x[place];
        }
    }
    return best;
}

/* Small whole numbers: ties are everywhere. */
static float *tied_numbers(size_t n)
{
    float *x = close_floats(n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)close_pick(-3, 3);
    return x;
}

static void compare(const struct kernels *k, int channels, bool ties, bool nans)
{
    struct kernels_pool p = random_pool(channels);
    size_t n_in = (size_t)p.height * p.width * channels;
    size_t n_out = (size_t)p.out_height * p.out_width * channels;
    float *x = ties ? tied_numbers(n_in) : close_normal(n_in);
    for (int i = 0; nans && i < (int)n_in; i += 11)
        x[i] = NAN;
    float *y = close_filled(n_out, 77), *alone = close_filled(n_out, 77);
    float *dy = close_normal(n_out), *dx = close_filled(n_in, NAN);
    uint8_t *argmax = malloc(n_out);
    double *want_dx = close_doubles(n_in);
    assert_non_null(argmax);

    int cut = close_pick(0, p.out_height);
    k->pool_max(y, argmax, x, &p, 0, cut);
    k->pool_max(y, argmax, x, &p, cut, p.out_height - cut);
    k->pool_max(alone, NULL, x, &p, 0, p.out_height);
    assert_memory_equal(y, alone, n_out * sizeof *y);
    for (size_t at = 0; at < n_out; at++) {
        int tap = wanted_tap(&p, x, at);
        float want = x[place_of(&p, at, tap)];
        assert_true(isnan(want) ? isnan(y[at]) : y[at] == want);
        assert_int_equal(argmax[at], tap);
        want_dx[place_of(&p, at, tap)] += dy[at];
    }
    cut = close_pick(0, p.height);
    k->pool_max_backward(dx, dy, argmax, &p, 0, cut);
    k->pool_max_backward(dx, dy, argmax, &p, cut, p.height - cut);
    assert_close(dx, want_dx, n_in, 5e-7); /* up to 25 windows are added in float32 */
    free(x);
    free(y);
    free(alone);
    free(dy);
    free(dx);
    free(argmax);
    free(want_dx);
}

static const int CHANNELS[] = {1, 3, 16, 17, 40};

static void check_pool(const struct kernels *k)
{
    for (int i = 0; i < 40; i++)
        compare(k, CHANNELS[i % 5], i % 2, false);
}

static void the_first_of_the_largest_is_chosen_and_gets_the_gradient(void **state)
{
    (void)state;
    levels_each(check_pool, 20);
}

static void check_nan(const struct kernels *k)
{
    for (int i = 0; i < 20; i++)
        compare(k, CHANNELS[i % 5], i % 2, true);
}

static void a_nan_wins_wherever_it_stands_in_the_window(void **state)
{
    (void)state;
    levels_each(check_nan, 21);
}

static void check_minus_infinity(const struct kernels *k)
{
    const struct kernels_pool p = {.height = 2,
                                   .width = 2,
                                   .channels = 1,
                                   .out_height = 1,
                                   .out_width = 1,
                                   .kernel = 3,
                                   .stride = 2,
                                   .pad = 1};
    const float x[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, dy[1] = {5};
    float y[1], dx[4];
    uint8_t argmax[1];
    k->pool_max(y, argmax, x, &p, 0, 1);
    k->pool_max_backward(dx, dy, argmax, &p, 0, 2);
    assert_true(y[0] == -INFINITY);
    assert_true(dx[0] == 5 && dx[1] == 0 && dx[2] == 0 && dx[3] == 0);
}

static void a_window_of_minus_infinities_chooses_a_pixel_and_not_the_padding(void **state)
{
    (void)state;
    levels_each(check_minus_infinity, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_the_largest_is_chosen_and_gets_the_gradient),
        cmocka_unit_test(a_nan_wins_wherever_it_stands_in_the_window),
        cmocka_unit_test(a_window_of_minus_infinities_chooses_a_pixel_and_not_the_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
