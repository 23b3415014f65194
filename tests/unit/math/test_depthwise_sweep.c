/* Depthwise convolution in its three passes, at every processor level, beside its double-precision
 * twin. */
#include "math/levels.h"

#include <string.h>

/* Kernels 3 and 5 with strides 1 and 2 have code of their own, the others share one. Below, at and
 * above whole registers and whole groups of results. */
static const int CHANNELS[] = {1, 3, 8, 16, 17, 26, 32, 96, 144};
static const int KERNELS[] = {1, 2, 3, 5, 7, 15};
#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

struct layer {
    struct kernels_depthwise d;
    size_t in, out, filter; /* floats */
    float *x, *dy, *w;
};

static void create(struct layer *l, struct kernels_depthwise d)
{
    const size_t channels = (size_t)d.channels;
    *l = (struct layer){.d = d,
                        .in = (size_t)(d.height * d.width) * channels,
                        .out = (size_t)(d.out_height * d.out_width) * channels,
                        .filter = (size_t)(d.kernel * d.kernel) * channels};
    l->x = close_normal(l->in);
    l->dy = close_normal(l->out);
    l->w = close_normal(l->filter);
}

static void destroy(struct layer *l)
{
    free(l->x);
    free(l->dy);
    free(l->w);
}

/* Padding on all sides as PyTorch's, or TensorFlow's "same": what is missing, the odd one at the
 * bottom and right. */
static struct kernels_depthwise shape(int height, int width, int channels, int kernel, int stride,
                                      bool same)
{
    struct kernels_depthwise d = {
        .height = height, .width = width, .channels = channels, .kernel = kernel, .stride = stride};
    if (same) {
        d.out_height = (height + stride - 1) / stride;
        d.out_width = (width + stride - 1) / stride;
        int down = (d.out_height - 1) * stride + kernel - height;
        int across = (d.out_width - 1) * stride + kernel - width;
        d.top = down > 0 ? down / 2 : 0;
        d.left = across > 0 ? across / 2 : 0;
    } else {
        d.top = d.left = (kernel - 1) / 2;
        d.out_height = (height + 2 * d.top - kernel) / stride + 1;
        d.out_width = (width + 2 * d.left - kernel) / stride + 1;
    }
    return d;
}

/* Calls test for every pair of a result and a pixel under its window. */
#define FOR_EACH_TAP(d, h, w, r, s, in_h, in_w)                                                    \
    for (int h = 0; h < (d)->out_height; h++)                                                      \
        for (int w = 0; w < (d)->out_width; w++)                                                   \
            for (int r = 0, in_h; r < (d)->kernel; r++)                                            \
                for (int s = 0, in_w; s < (d)->kernel; s++)                                        \
                    if (in_h = h * (d)->stride - (d)->top + r,                                     \
                        in_w = w * (d)->stride - (d)->left + s,                                    \
                        in_h >= 0 && in_h < (d)->height && in_w >= 0 && in_w < (d)->width)

static size_t at(int row, int column, int width, int channels)
{
    return ((size_t)row * (size_t)width + (size_t)column) * (size_t)channels;
}

static double activated(double v, enum kernels_activation activation)
{
    if (activation != KERNELS_NONE && v < 0)
        return 0;
    return activation == KERNELS_RELU6 && v > 6 ? 6 : v;
}

static void compare_forward(const struct kernels *k, const struct layer *l, int with_epilogue)
{
    const struct kernels_depthwise *d = &l->d;
    float *y = close_filled(l->out, NAN);
    float *scale = close_normal((size_t)d->channels), *shift = close_normal((size_t)d->channels);
    double *want = close_doubles(l->out);
    const struct kernels_epilogue epilogue = {scale, shift,
                                              (enum kernels_activation)(with_epilogue - 1)};
    FOR_EACH_TAP(d, h, w, r, s, in_h, in_w)
    for (int c = 0; c < d->channels; c++)
        want[at(h, w, d->out_width, d->channels) + (size_t)c] +=
            (double)l->x[at(in_h, in_w, d->width, d->channels) + (size_t)c] *
            l->w[at(r, s, d->kernel, d->channels) + (size_t)c];
    if (with_epilogue)
        for (size_t i = 0; i < l->out; i++) {
            const size_t c = i % (size_t)d->channels;
            want[i] = activated(want[i] * scale[c] + shift[c], epilogue.activation);
        }
    k->depthwise_forward(y, l->x, l->w, with_epilogue ? &epilogue : NULL, d, 0, d->out_height);
    /* Up to 225 products one after the other; RELU6 makes the largest result small. */
    assert_close(y, want, l->out, 5e-6);
    free(y);
    free(scale);
    free(shift);
    free(want);
}

static void compare_backward_data(const struct kernels *k, const struct layer *l, bool accumulate)
{
    const struct kernels_depthwise *d = &l->d;
    float *dx = accumulate ? close_normal(l->in) : close_filled(l->in, NAN);
    double *want = accumulate ? close_to_double(dx, l->in) : close_doubles(l->in);
    FOR_EACH_TAP(d, h, w, r, s, in_h, in_w)
    for (int c = 0; c < d->channels; c++)
        want[at(in_h, in_w, d->width, d->channels) + (size_t)c] +=
            (double)l->dy[at(h, w, d->out_width, d->channels) + (size_t)c] *
            l->w[at(r, s, d->kernel, d->channels) + (size_t)c];
    k->depthwise_backward_data(dx, l->dy, l->w, d, 0, d->height, accumulate);
    assert_close(dx, want, l->in, 5e-6); /* as forward */
    free(dx);
    free(want);
}

/* Rows in two parts, as a caller that cuts them: the first written or added, the second added. */
static void compare_backward_weights(const struct kernels *k, const struct layer *l,
                                     bool accumulate)
{
    const struct kernels_depthwise *d = &l->d;
    float *dw = accumulate ? close_normal(l->filter) : close_filled(l->filter, NAN);
    double *want = accumulate ? close_to_double(dw, l->filter) : close_doubles(l->filter);
    FOR_EACH_TAP(d, h, w, r, s, in_h, in_w)
    for (int c = 0; c < d->channels; c++)
        want[at(r, s, d->kernel, d->channels) + (size_t)c] +=
            (double)l->dy[at(h, w, d->out_width, d->channels) + (size_t)c] *
            l->x[at(in_h, in_w, d->width, d->channels) + (size_t)c];
    const int part = close_pick(0, d->out_height);
    k->depthwise_backward_weights(dw, l->x, l->dy, d, 0, part, accumulate);
    k->depthwise_backward_weights(dw, l->x, l->dy, d, part, d->out_height - part, true);
    /* Sums of up to 128 products, and sums of these. */
    assert_close(dw, want, l->filter, 5e-6);
    free(dw);
    free(want);
}

static void compare(const struct kernels *k, struct kernels_depthwise d)
{
    struct layer l;
    create(&l, d);
    for (int with_epilogue = 0; with_epilogue <= 3; with_epilogue++)
        compare_forward(k, &l, with_epilogue);
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        compare_backward_data(k, &l, accumulate);
        compare_backward_weights(k, &l, accumulate);
    }
    destroy(&l);
}

static void check_sizes(const struct kernels *k)
{
    for (int kernel = 0; kernel < COUNT(KERNELS); kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int same = 0; same < 2; same++)
                for (int i = 0; i < 4; i++) {
                    static const int SIZES[][2] = {{1, 1}, {5, 3}, {7, 7}, {4, 12}};
                    if (!same && KERNELS[kernel] % 2 == 0 && SIZES[i][0] == 1)
                        continue; /* no result */
                    compare(k, shape(SIZES[i][0], SIZES[i][1], 17, KERNELS[kernel], stride, same));
                }
}

static void every_kernel_and_stride_agrees_with_its_twin_on_small_images(void **state)
{
    (void)state;
    levels_each(check_sizes, 61);
}

static void check_random(const struct kernels *k)
{
    for (int i = 0; i < COUNT(CHANNELS); i++)
        for (int repeat = 0; repeat < 8; repeat++) {
            const int kernel = close_pick(0, 1) ? 3 : 5, stride = close_pick(1, 2);
            compare(k, shape(close_pick(1, 20), close_pick(1, 40), CHANNELS[i], kernel, stride,
                             close_pick(0, 1)));
        }
    /* More than one block of rows, and more than one run of sums. */
    compare(k, shape(40, 61, 144, 3, 1, false));
    compare(k, shape(41, 60, 144, 5, 2, true));
}

static void random_shapes_of_the_fast_kernels_agree_with_their_twins(void **state)
{
    (void)state;
    levels_each(check_random, 62);
}

/* No padding; padding wider than the window needs, beyond its last tap; a result that sees only
 * zeros. */
static void check_padding(const struct kernels *k)
{
    for (int kernel = 0; kernel < COUNT(KERNELS); kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int pad = 0; pad <= KERNELS[kernel] + 1; pad += 1 + pad / 3) {
                struct kernels_depthwise d = shape(16, 19, 19, KERNELS[kernel], stride, false);
                d.top = pad;
                d.left = KERNELS[kernel] + 1 - pad;
                compare(k, d);
            }
}

static void padding_may_be_any_number(void **state)
{
    (void)state;
    levels_each(check_padding, 63);
}

/* Pieces of work are rows: where they are cut must not be seen in the bits. */
static void compare_cuts(const struct kernels *k, struct kernels_depthwise d)
{
    struct layer l;
    create(&l, d);
    float *y[2] = {close_filled(l.out, NAN), close_filled(l.out, NAN)};
    float *dx[2] = {close_filled(l.in, NAN), close_filled(l.in, NAN)};
    k->depthwise_forward(y[0], l.x, l.w, NULL, &d, 0, d.out_height);
    k->depthwise_backward_data(dx[0], l.dy, l.w, &d, 0, d.height, false);
    for (int first = 0, n; first < d.out_height; first += n) {
        n = close_pick(1, d.out_height - first);
        k->depthwise_forward(y[1], l.x, l.w, NULL, &d, first, n);
    }
    for (int first = 0, n; first < d.height; first += n) {
        n = close_pick(1, d.height - first);
        k->depthwise_backward_data(dx[1], l.dy, l.w, &d, first, n, false);
    }
    assert_memory_equal(y[0], y[1], l.out * sizeof(float));
    assert_memory_equal(dx[0], dx[1], l.in * sizeof(float));
    for (int i = 0; i < 2; i++) {
        free(y[i]);
        free(dx[i]);
    }
    destroy(&l);
}

static void check_cuts(const struct kernels *k)
{
    for (int kernel = 0; kernel < COUNT(KERNELS); kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int repeat = 0; repeat < 4; repeat++)
                compare_cuts(k, shape(close_pick(2, 20), close_pick(2, 30), close_pick(1, 70),
                                      KERNELS[kernel], stride, repeat % 2));
}

static void a_rows_bits_do_not_depend_on_which_rows_are_computed_together(void **state)
{
    (void)state;
    levels_each(check_cuts, 64);
}

/* A broken number must reach the loss; it must not reach results that do not see it. */
static void check_nan(const struct kernels *k)
{
    const struct kernels_depthwise d = shape(9, 21, 19, 3, 1, false);
    const float one[19] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct kernels_epilogue epilogue = {one, one, KERNELS_RELU6};
    struct layer l;
    create(&l, d);
    float *y = close_filled(l.out, 0);
    l.x[at(4, 10, 21, 19) + 7] = NAN;
    l.x[at(0, 0, 21, 19) + 18] = NAN;
    k->depthwise_forward(y, l.x, l.w, &epilogue, &d, 0, d.out_height);
    for (int h = 0; h < 9; h++)
        for (int w = 0; w < 21; w++)
            for (int c = 0; c < 19; c++) {
                bool middle = c == 7 && abs(h - 4) <= 1 && abs(w - 10) <= 1;
                bool corner = c == 18 && h <= 1 && w <= 1;
                assert_int_equal(isnan(y[at(h, w, 21, 19) + (size_t)c]), middle || corner);
            }
    free(y);
    destroy(&l);
}

static void a_nan_reaches_the_results_that_see_it_and_no_others(void **state)
{
    (void)state;
    levels_each(check_nan, 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_and_stride_agrees_with_its_twin_on_small_images),
        cmocka_unit_test(random_shapes_of_the_fast_kernels_agree_with_their_twins),
        cmocka_unit_test(padding_may_be_any_number),
        cmocka_unit_test(a_rows_bits_do_not_depend_on_which_rows_are_computed_together),
        cmocka_unit_test(a_nan_reaches_the_results_that_see_it_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
