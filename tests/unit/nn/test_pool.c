/* Max-pool and average pool over batches; the sweeps themselves are in math/test_pool_sweep.c. */
#include "nn/pool.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"

enum { MAX_BATCH = 4 };

struct one_pool {
    int height, width, channels, kernel, stride, batch;
    struct max_pool pool;
};

static void build(void *layer, struct build *b)
{
    struct one_pool *o = layer;
    pool_max_build(&o->pool, b, o->height, o->width, o->channels, o->kernel, o->stride, 0);
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

static void max_pool_and_its_gradient_are_those_of_the_twin(void **state)
{
    (void)state;
    close_seed(60);
    for (int i = 0; i < 15; i++) {
        struct one_pool o = {.channels = close_pick(1, 5), .batch = close_pick(1, MAX_BATCH)};
        o.kernel = close_pick(1, 4);
        o.stride = close_pick(1, 3);
        o.height = close_pick(o.kernel, 20); /* more than the 8 rows of a piece */
        o.width = close_pick(o.kernel, 9);
        struct layer_fixture f;
        layer_fixture_create(&f, build, &o, o.batch);
        const struct kernels_pool *s = &o.pool.shape;
        size_t in = (size_t)s->height * s->width * s->channels;
        size_t out = (size_t)s->out_height * s->out_width * s->channels;
        float *x = close_normal(in * o.batch), *dy = close_normal(out * o.batch);
        float *dx = close_filled(in * o.batch, 7);
        int index[MAX_BATCH], n = layer_fixture_subset(index, o.batch);
        const struct samples some = {index, n};
        float *y = pool_max_forward(&o.pool, x, some);
        pool_max_backward(&o.pool, dx, dy, some);
        for (int sample = 0; sample < o.batch; sample++)
            if (layer_fixture_contains(index, n, sample))
                compare_sample(&o, y, x, dy, dx, sample);
            else
                for (size_t j = 0; j < in; j++)
                    assert_true(dx[sample * in + j] == 7);
        free(x);
        free(dy);
        free(dx);
        layer_fixture_destroy(&f);
    }
}

/* 112 x 112 -> 56 x 56 as in ResNet: odd kernel, "same" padding; even kernels have none. */
static void output_sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    static const int shape[][4] = {/* in, kernel, stride, out */
                                   {112, 3, 2, 56}, {113, 3, 2, 57}, {8, 2, 2, 4},
                                   {9, 2, 2, 4},    {7, 5, 1, 7},    {1, 2, 2, 0}};
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        struct max_pool p;
        struct arena arena = {0};
        struct workspace w = {0};
        struct build b = {.activations = &arena, .workspace = &w, .max_batch = 1};
        pool_max_build(&p, &b, shape[i][0], shape[i][0], 1, shape[i][1], shape[i][2], 0);
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
    pool_average_forward(y, x, some, PIXELS, CHANNELS);
    pool_average_backward(dx, dy, some, PIXELS, CHANNELS);
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
        cmocka_unit_test(output_sizes_are_those_of_pytorch),
        cmocka_unit_test(average_pool_is_the_mean_and_spreads_its_gradient_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
