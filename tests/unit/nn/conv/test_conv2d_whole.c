/* Both backward passes in one, with the mask of what lies below, beside the plain sums of the
 * definition in double precision. */
#include "nn/conv/conv2d.h"

#include "base/parallel.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"
#include "nn/threads.h"

enum { BATCH = 5 };
#define UNTOUCHED 1234.5f

/* float32 sums of at most some thousand products, relative to the largest of the results. */
#define TOLERANCE 4e-6

struct one {
    struct shape in;
    struct conv_spec spec;
    bool scaled, accumulate, has_below;
    enum kernels_activation activation;
    struct conv2d conv;
};

static void build(void *layer, struct build *b)
{
    struct one *o = layer;
    b->freeze_batch_norm = true;
    conv2d_build(&o->conv, b, "conv", (struct tensor){o->in, -1}, &o->spec);
}

/* What a pass needs at most. */
static void measure(void *layer, struct samples samples)
{
    const struct one *o = layer;
    struct conv2d_backward how = {0};
    conv2d_backward(&o->conv, NULL, NULL, NULL, samples, &how);
}

struct arrays {
    int index[BATCH], n;
    size_t in, out, size; /* floats of a sample, and of the filter */
    float *x, *dy, *start, *dx, *dw, *scale;
    double *sum;
};

/* x is what an activation leaves: zeros, and sixes. */
static void make_arrays(struct arrays *a, const struct one *o)
{
    const struct conv2d *c = &o->conv;
    *a = (struct arrays){
        .in = shape_floats(c->in), .out = shape_floats(c->out), .size = c->weight->size};
    a->n = layer_fixture_subset(a->index, BATCH);
    a->x = close_normal(BATCH * a->in);
    for (size_t i = 0; i < BATCH * a->in; i++)
        a->x[i] = a->x[i] < 0 ? 0 : a->x[i] > 1 ? 6 : a->x[i];
    a->dy = close_normal(BATCH * a->out);
    a->start = o->accumulate ? close_normal(BATCH * a->in) : close_filled(BATCH * a->in, UNTOUCHED);
    a->dx = close_floats(BATCH * a->in);
    a->dw = close_floats(a->size);
    a->scale = o->scaled ? close_normal((size_t)c->out.channels)
                         : close_filled((size_t)c->out.channels, 1);
    a->sum = close_doubles((size_t)c->in.channels);
}

static void free_arrays(struct arrays *a)
{
    void *all[] = {a->x, a->dy, a->start, a->dx, a->dw, a->scale, a->sum};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void run(const struct one *o, struct arrays *a, float *dx)
{
    struct conv2d_below below = {.activation = o->activation, .sum = a->sum};
    struct conv2d_backward how = {
        .scale = a->scale, .accumulate = o->accumulate, .below = o->has_below ? &below : NULL};
    if (dx)
        memcpy(dx, a->start, BATCH * a->in * sizeof *dx);
    for (size_t i = 0; i < a->size; i++)
        o->conv.weight->grad[i] = NAN;
    conv2d_backward(&o->conv, dx, a->dy, a->x, (struct samples){a->index, a->n}, &how);
}

/* The sums of one sample's products into dx and dw. */
static void add_sample(const struct one *o, const struct arrays *a, size_t sample, double *dx,
                       double *dw)
{
    const struct conv2d *c = &o->conv;
    int depth = c->in.channels / c->groups, outs = c->out.channels;
    for (int p = 0; p < c->out.height * c->out.width; p++)
        for (int tap = 0; tap < c->kernel * c->kernel; tap++) {
            int h = p / c->out.width * c->stride + tap / c->kernel - c->pad_top,
                w = p % c->out.width * c->stride + tap % c->kernel - c->pad_left;
            if (h < 0 || h >= c->in.height || w < 0 || w >= c->in.width)
                continue;
            for (int k = 0; k < outs; k++)
                for (int i = 0; i < depth; i++) {
                    int channel = c->groups > 1 ? k : i;
                    size_t at = sample * a->in +
                                (size_t)((h * c->in.width + w) * c->in.channels + channel),
                           weight = (size_t)((tap * depth + i) * outs + k);
                    double g = (double)a->dy[sample * a->out + (size_t)(p * outs + k)];
                    dx[at] += g * (double)a->scale[k] * (double)c->weight->data[weight];
                    dw[weight] += g * (double)a->x[at];
                }
        }
}

static bool passes(enum kernels_activation activation, float y)
{
    return activation == KERNELS_NONE || (y > 0 && (activation == KERNELS_RELU || y < 6));
}

static void check(struct one o)
{
    struct layer_fixture f;
    struct arrays a;
    layer_fixture_create(&f, build, measure, &o, BATCH);
    assert_non_null(o.conv.whole);
    make_arrays(&a, &o);
    double *dx = close_to_double(a.start, BATCH * a.in), *dw = close_doubles(a.size),
           *sum = close_doubles((size_t)o.conv.in.channels);
    for (int i = 0; i < a.n; i++) {
        size_t sample = (size_t)a.index[i];
        for (size_t j = sample * a.in; !o.accumulate && j < (sample + 1) * a.in; j++)
            dx[j] = 0;
        add_sample(&o, &a, sample, dx, dw);
        for (size_t j = sample * a.in; o.has_below && j < (sample + 1) * a.in; j++) {
            dx[j] = passes(o.activation, a.x[j]) ? dx[j] : 0;
            sum[j % (size_t)o.conv.in.channels] += dx[j];
        }
    }
    run(&o, &a, a.dx);
    assert_close(a.dx, dx, BATCH * a.in, TOLERANCE);
    for (size_t j = 0; o.has_below && j < BATCH * a.in; j++)
        assert_true(layer_fixture_contains(a.index, a.n, (int)(j / a.in)) || a.dx[j] == UNTOUCHED);
    assert_close(o.conv.weight->grad, dw, a.size, TOLERANCE);
    if (o.has_below) {
        float *got = close_floats((size_t)o.conv.in.channels);
        for (int i = 0; i < o.conv.in.channels; i++)
            got[i] = (float)a.sum[i];
        assert_close(got, sum, (size_t)o.conv.in.channels, TOLERANCE);
        free(got);
    }
    memcpy(a.dw, o.conv.weight->grad, a.size * sizeof *a.dw);
    o.has_below = false;
    run(&o, &a, NULL); /* dx is not wanted */
    assert_memory_equal(a.dw, o.conv.weight->grad, a.size * sizeof *a.dw);
    free(dx);
    free(dw);
    free(sum);
    free_arrays(&a);
    layer_fixture_destroy(&f);
}

static void check_ways(struct one o)
{
    for (int way = 0; way < 8; way++) {
        o.scaled = way & 1;
        o.has_below = way & 2;
        o.accumulate = !o.has_below && way & 4;
        o.activation = (enum kernels_activation)(way / 2 % 3);
        check(o);
    }
}

/* Channels for both ways of the filter's gradient and with registers filled in part; one band and
 * many; fewer pixels than ranges. */
static void a_pointwise_convolution_has_the_gradients_of_its_definition(void **state)
{
    static const int SHAPE[][4] = {{1, 1, 5, 3},       {3, 4, 16, 96},     {7, 7, 96, 24},
                                   {9, 5, 24, 40},     {14, 14, 33, 5},    {2, 3, 300, 260},
                                   {30, 31, 64, 3},    {12, 12, 400, 400}, {1, 1, 300, 260},
                                   {12, 12, 1000, 128}};
    (void)state;
    close_seed(300);
    for (size_t i = 0; i < sizeof SHAPE / sizeof SHAPE[0]; i++)
        check_ways(
            (struct one){.in = {SHAPE[i][0], SHAPE[i][1], SHAPE[i][2]},
                         .spec = {.width = SHAPE[i][3], .kernel = 1, .stride = 1, .groups = 1}});
    /* So many channels that a band is a tile's rows. */
    check((struct one){.in = {1, 1, 3200},
                       .spec = {.width = 3104, .kernel = 1, .stride = 1, .groups = 1},
                       .scaled = true,
                       .has_below = true,
                       .activation = KERNELS_RELU});
}

static void a_depthwise_convolution_has_the_gradients_of_its_definition(void **state)
{
    static const int SIZE[][3] = {{1, 1, 5}, {9, 8, 16}, {12, 13, 40}, {33, 20, 96}};
    (void)state;
    close_seed(301);
    for (size_t i = 0; i < sizeof SIZE / sizeof SIZE[0]; i++)
        for (int kernel = 3; kernel <= 7; kernel += 2)
            for (int stride = 1; stride <= 3; stride++)
                for (int same = 0; same < 2; same++)
                    check_ways(
                        (struct one){.in = {SIZE[i][0], SIZE[i][1], SIZE[i][2]},
                                     .spec = {.width = SIZE[i][2],
                                              .kernel = kernel,
                                              .stride = stride,
                                              .padding = same ? LAYER_PADDING_SAME : kernel / 2,
                                              .groups = SIZE[i][2]}});
}

static void run_with(struct one *o, struct arrays *a, int threads)
{
    struct error err;
    parallel_stop();
    assert_int_equal(parallel_start(threads, &err), STATUS_OK);
    run(o, a, a->dx);
}

/* The bits of dx, dw and the sums do not depend on the number of threads. */
static void the_number_of_threads_changes_no_bit(void **state)
{
    static const struct one LAYER[] = {
        {.in = {21, 20, 48}, .spec = {.width = 40, .kernel = 1, .stride = 1, .groups = 1}},
        {.in = {1, 1, 300}, .spec = {.width = 260, .kernel = 1, .stride = 1, .groups = 1}},
        {.in = {12, 12, 400}, .spec = {.width = 400, .kernel = 1, .stride = 1, .groups = 1}},
        {.in = {21, 20, 48},
         .spec = {.width = 48, .kernel = 3, .stride = 2, .padding = 1, .groups = 48}}};
    (void)state;
    close_seed(302);
    for (size_t i = 0; i < sizeof LAYER / sizeof LAYER[0]; i++) {
        struct one o = LAYER[i];
        o.scaled = o.has_below = true;
        o.activation = KERNELS_RELU6;
        struct layer_fixture f;
        struct arrays a;
        layer_fixture_create(&f, build, measure, &o, BATCH);
        make_arrays(&a, &o);
        run_with(&o, &a, 1);
        float *dx = close_floats(BATCH * a.in);
        double *sum = close_doubles((size_t)o.in.channels);
        memcpy(dx, a.dx, BATCH * a.in * sizeof *dx);
        memcpy(a.dw, o.conv.weight->grad, a.size * sizeof *a.dw);
        memcpy(sum, a.sum, (size_t)o.in.channels * sizeof *sum);
        run_with(&o, &a, 3);
        assert_memory_equal(dx, a.dx, BATCH * a.in * sizeof *dx);
        assert_memory_equal(a.dw, o.conv.weight->grad, a.size * sizeof *a.dw);
        assert_memory_equal(sum, a.sum, (size_t)o.in.channels * sizeof *sum);
        free(sum);
        free(dx);
        free_arrays(&a);
        layer_fixture_destroy(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pointwise_convolution_has_the_gradients_of_its_definition),
        cmocka_unit_test(a_depthwise_convolution_has_the_gradients_of_its_definition),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
