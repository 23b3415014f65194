/* Max-pool and average pool over batches; the sweeps themselves are in math/test_pool_sweep.c. */
#include "nn/pool.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"

enum { MAX_BATCH = 4 };

struct one_pool {
    int height, width, channels, batch;
    struct pool_spec spec;
    struct max_pool pool;
};

static void build(void *layer, struct build *b)
{
    struct one_pool *o = layer;
    pool_max_build(&o->pool, b, "pool", (struct tensor){{o->height, o->width, o->channels}, -1},
                   &o->spec);
}

struct twin {
    const struct kernels_pool *shape;
    double *x, *y, *dy;
    size_t out;
};

static double twin_sum(void *context)
{
    struct twin *t = context;
    const struct kernels_pool *s = t->shape;
    reference_max_pool(t->y, t->x, s->height, s->width, s->channels, s->out_height, s->out_width,
                       s->kernel, s->stride, s->pad);
    return reference_dot(t->y, t->dy, t->out);
}

static void assert_untouched(const struct one_pool *o, const float *y, const float *dx, int sample)
{
    size_t in = shape_floats(o->pool.in), out = shape_floats(o->pool.out);
    for (size_t i = 0; i < in; i++)
        assert_true(dx[sample * in + i] == 7);
    for (size_t i = 0; i < out; i++)
        assert_true(y[sample * out + i] == 7);
}

static void compare_sample(const struct one_pool *o, const float *y, const float *x,
                           const float *dy, const float *dx, int sample)
{
    const struct kernels_pool *s = &o->pool.shape;
    size_t in = (size_t)s->height * s->width * s->channels;
    size_t out = (size_t)s->out_height * s->out_width * s->channels;
    struct twin t = {s, close_to_double(x + sample * in, in), close_doubles(out),
                     close_to_double(dy + sample * out, out), out};
    double *slope = close_doubles(in);
    twin_sum(&t);
    assert_close(y + sample * out, t.y, out, 0); /* a choice, not a computation */
    reference_slopes(slope, twin_sum, &t, t.x, in);
    assert_close(dx + sample * in, slope, in, 1e-6);
    free(t.x);
    free(t.y);
    free(t.dy);
    free(slope);
}

static void compare(struct one_pool o)
{
    struct layer_fixture f;
    layer_fixture_create(&f, build, NULL, &o, o.batch);
    const struct kernels_pool *s = &o.pool.shape;
    size_t in = (size_t)s->height * s->width * s->channels;
    size_t out = (size_t)s->out_height * s->out_width * s->channels;
    float *x = close_normal(in * o.batch), *dy = close_normal(out * o.batch);
    float *dx = close_filled(in * o.batch, 7);
    int index[MAX_BATCH], n = layer_fixture_subset(index, o.batch);
    const struct samples some = {index, n};
    float *y = close_filled(out * o.batch, 7);
    pool_max_forward(&o.pool, y, x, some);
    pool_max_backward(&o.pool, dx, dy, some);
    for (int sample = 0; sample < o.batch; sample++)
        if (layer_fixture_contains(index, n, sample))
            compare_sample(&o, y, x, dy, dx, sample);
        else
            assert_untouched(&o, y, dx, sample);
    free(x);
    free(y);
    free(dy);
    free(dx);
    layer_fixture_destroy(&f);
}

static void max_pool_and_its_gradient_are_those_of_the_twin(void **state)
{
    (void)state;
    close_seed(60);
    for (int i = 0; i < 24; i++) {
        struct one_pool o = {.channels = close_pick(1, 5), .batch = close_pick(1, MAX_BATCH)};
        int kernel = close_pick(1, 4);
        o.spec = (struct pool_spec){kernel, close_pick(1, 3), close_pick(0, kernel / 2)};
        o.height = close_pick(kernel, 20); /* more than the 8 rows of a piece */
        o.width = close_pick(kernel, 9);
        compare(o);
    }
}

/* An odd zero too many is below and on the right: at 6 x 6 a 3x3/2 window has none before the first
 * pixel and one behind the last. */
static void same_padding_puts_the_odd_line_below_and_on_the_right(void **state)
{
    (void)state;
    close_seed(62);
    for (int side = 3; side <= 12; side++)
        for (int kernel = 2; kernel <= 4; kernel++) {
            struct one_pool o = {.height = side,
                                 .width = side,
                                 .channels = 3,
                                 .batch = 2,
                                 .spec = {kernel, 2, LAYER_PADDING_SAME}};
            compare(o);
        }
    struct one_pool o = {
        .height = 6, .width = 6, .channels = 1, .batch = 1, .spec = {3, 2, LAYER_PADDING_SAME}};
    struct layer_fixture f;
    layer_fixture_create(&f, build, NULL, &o, 1);
    assert_int_equal(o.pool.shape.pad, 0);
    assert_int_equal(o.pool.out.height, 3);
    layer_fixture_destroy(&f);
}

static void activation_passes_the_gradient_behind_the_pool(void **state)
{
    (void)state;
    static const int index[] = {0, 2};
    static const float value[] = {0, 3, 6, 7}; /* RELU6's results end at 6 */
    struct one_pool o = {.height = 5, .width = 4, .channels = 4, .batch = 3, .spec = {2, 1, 0}};
    struct layer_fixture f;
    layer_fixture_create(&f, build, NULL, &o, o.batch);
    size_t out = shape_floats(o.pool.out);
    float *y = close_floats(out * 3), *dy = close_filled(out * 3, 1);
    for (size_t i = 0; i < out * 3; i++)
        y[i] = value[i % 4];
    const enum kernels_activation kinds[] = {KERNELS_RELU6, KERNELS_RELU};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < out * 3; i++)
            dy[i] = 1;
        pool_max_activation_backward(&o.pool, dy, y, kinds[k], (struct samples){index, 2});
        for (size_t i = 0; i < out * 3; i++) {
            bool flat = y[i] <= 0 || (kinds[k] == KERNELS_RELU6 && y[i] >= 6);
            assert_true(dy[i] == (flat && i / out != 1 ? 0 : 1));
        }
    }
    free(y);
    free(dy);
    layer_fixture_destroy(&f);
}

/* 112 x 112 -> 56 x 56 as in ResNet: odd kernel, usual padding; even kernels have none. */
static void output_sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    static const int shape[][4] = {/* in, kernel, stride, out */
                                   {112, 3, 2, 56}, {113, 3, 2, 57}, {8, 2, 2, 4},
                                   {9, 2, 2, 4},    {7, 5, 1, 7},    {1, 2, 2, 0}};
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        struct max_pool p;
        struct arena arena = {0};
        struct build b = {.activations = &arena, .scratch = &arena, .max_batch = 1};
        struct pool_spec spec = {shape[i][1], shape[i][2], layer_usual_padding(shape[i][1])};
        pool_max_build(&p, &b, "pool", (struct tensor){{shape[i][0], shape[i][0], 1}, -1}, &spec);
        assert_int_equal(p.shape.out_height, shape[i][3]);
        assert_int_equal(p.shape.out_width, shape[i][3]);
    }
}

static void average_pool_is_the_mean_and_spreads_its_gradient_evenly(void **state)
{
    (void)state;
    close_seed(61);
    enum { BATCH = 3, PIXELS = 35, CHANNELS = 7, SAMPLE = PIXELS * CHANNELS };
    const int index[] = {0, 2};
    const struct samples some = {index, 2};
    float *x = close_normal(BATCH * SAMPLE), *y = close_filled(BATCH * CHANNELS, 7);
    float *dy = close_normal(BATCH * CHANNELS), *dx = close_filled(BATCH * SAMPLE, 7);
    pool_average_forward(y, x, some, (struct shape){5, 7, CHANNELS});
    pool_average_backward(dx, dy, some, (struct shape){5, 7, CHANNELS});
    for (int sample = 0; sample < BATCH; sample++) {
        double *from = close_to_double(x + sample * SAMPLE, SAMPLE), want[CHANNELS];
        double want_dx[SAMPLE];
        reference_average_pool(want, from, PIXELS, CHANNELS);
        for (int i = 0; i < SAMPLE; i++)
            want_dx[i] = sample == 1 ? 7 : dy[sample * CHANNELS + i % CHANNELS] / (double)PIXELS;
        for (int c = 0; sample == 1 && c < CHANNELS; c++)
            want[c] = 7;
        assert_close(y + sample * CHANNELS, want, CHANNELS, 1e-7);
        assert_close(dx + sample * SAMPLE, want_dx, SAMPLE, 2e-7);
        free(from);
    }
    free(x);
    free(y);
    free(dy);
    free(dx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_pool_and_its_gradient_are_those_of_the_twin),
        cmocka_unit_test(same_padding_puts_the_odd_line_below_and_on_the_right),
        cmocka_unit_test(activation_passes_the_gradient_behind_the_pool),
        cmocka_unit_test(output_sizes_are_those_of_pytorch),
        cmocka_unit_test(average_pool_is_the_mean_and_spreads_its_gradient_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
