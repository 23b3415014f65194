/* Average pool at every processor level beside plain loops in double precision. */
#include "math/levels.h"

static struct kernels_average random_pool(int channels)
{
    struct kernels_average p = {.channels = channels, .kernel = close_pick(1, 5)};
    p.stride = close_pick(1, 6);
    p.top = close_pick(0, p.kernel / 2);
    p.left = close_pick(0, p.kernel / 2);
    p.counted = close_pick(0, 2);
    p.height = close_pick(p.kernel, 14);
    p.width = close_pick(p.kernel, 14);
    /* The last window may reach beyond the image. */
    p.out_height = (p.height - 1) / p.stride + 1;
    p.out_width = (p.width - 1) / p.stride + 1;
    p.in_pitch = (size_t)(channels + close_pick(0, 9));
    p.out_pitch = (size_t)(channels + close_pick(0, 9));
    return p;
}

static bool is_within(int at, int size, int margin)
{
    return at >= -margin && at < size + margin;
}

/* sum[out] += a[in] / count, or sum[in] += a[out] / count. */
static void visit(const struct kernels_average *p, double *sum, const float *a, bool backward)
{
    for (int position = 0; position < p->out_height * p->out_width; position++) {
        int top = position / p->out_width * p->stride - p->top,
            left = position % p->out_width * p->stride - p->left, count = 0;
        for (int tap = 0; tap < p->kernel * p->kernel; tap++)
            count += is_within(top + tap / p->kernel, p->height, p->counted) &&
                     is_within(left + tap % p->kernel, p->width, p->counted);
        for (int tap = 0; tap < p->kernel * p->kernel; tap++) {
            int h = top + tap / p->kernel, w = left + tap % p->kernel;
            if (!is_within(h, p->height, 0) || !is_within(w, p->width, 0))
                continue;
            size_t in = ((size_t)h * p->width + w) * p->in_pitch, out = position * p->out_pitch;
            for (int c = 0; c < p->channels; c++)
                sum[(backward ? in : out) + c] += a[(backward ? out : in) + c] / (double)count;
        }
    }
}

/* What is beside the channels is not touched. */
static void fill_gaps(double *want, const float *before, size_t pixels, size_t pitch, int channels)
{
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = channels; c < pitch; c++)
            want[p * pitch + c] = before[p * pitch + c];
}

static void compare(const struct kernels *k, int channels)
{
    struct kernels_average p = random_pool(channels);
    size_t in_pixels = (size_t)p.height * p.width, out_pixels = (size_t)p.out_height * p.out_width;
    size_t n_in = in_pixels * p.in_pitch, n_out = out_pixels * p.out_pitch;
    float *x = close_normal(n_in), *y = close_filled(n_out, 77);
    float *dy = close_normal(n_out), *dx = close_filled(n_in, 77), *added = close_normal(n_in);
    double *want = close_doubles(n_out), *want_dx = close_doubles(n_in),
           *want_added = close_to_double(added, n_in);

    visit(&p, want, x, false);
    fill_gaps(want, y, out_pixels, p.out_pitch, channels);
    int cut = close_pick(0, p.out_height);
    k->pool_average(y, x, &p, 0, cut);
    k->pool_average(y, x, &p, cut, p.out_height - cut);
    assert_close(y, want, n_out, 1e-6);

    visit(&p, want_dx, dy, true);
    visit(&p, want_added, dy, true);
    fill_gaps(want_dx, dx, in_pixels, p.in_pitch, channels);
    fill_gaps(want_added, added, in_pixels, p.in_pitch, channels);
    cut = close_pick(0, p.height);
    k->pool_average_backward(dx, dy, &p, 0, cut, false);
    k->pool_average_backward(dx, dy, &p, cut, p.height - cut, false);
    assert_close(dx, want_dx, n_in, 1e-6);
    k->pool_average_backward(added, dy, &p, 0, p.height, true);
    assert_close(added, want_added, n_in, 1e-6);
    free(x);
    free(y);
    free(dy);
    free(dx);
    free(added);
    free(want);
    free(want_dx);
    free(want_added);
}

static void check_pool(const struct kernels *k)
{
    static const int channels[] = {1, 3, 16, 26, 52};
    for (int i = 0; i < 60; i++)
        compare(k, channels[i % 5]);
}

static void means_and_their_gradients_are_those_of_the_twin(void **state)
{
    (void)state;
    levels_each(check_pool, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_their_gradients_are_those_of_the_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
