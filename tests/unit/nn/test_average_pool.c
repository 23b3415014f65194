/* Average pool over windows, over batches; the sweeps themselves are in
 * math/test_pool_average_sweep.c. */
#include "nn/average_pool.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"

enum { MAX_BATCH = 3 };

struct one_pool {
    struct shape in;
    struct average_pool_spec spec;
    struct average_pool pool;
    struct tensor out;
    int in_gap, out_gap; /* channels of a wider array, beside those that are pooled */
};

static void build(void *layer, struct build *b)
{
    struct one_pool *o = layer;
    o->out = average_pool_build(&o->pool, b, "pool", (struct tensor){o->in, -1}, &o->spec);
}

struct twin {
    const struct one_pool *pool;
    double *x, *y, *dy;
    size_t out;
};

/* The definition: zeros around the image; a window's mean over its pixels, or over all that is in
 * the padded image. */
static void twin_pool(const struct one_pool *o, double *y, const double *x)
{
    const struct average_pool_spec *s = &o->spec;
    struct shape in = o->in, out = o->pool.out;
    for (int oh = 0; oh < out.height; oh++)
        for (int ow = 0; ow < out.width; ow++)
            for (int c = 0; c < in.channels; c++) {
                double sum = 0, pixels = 0, padded = 0;
                for (int r = 0; r < s->kernel; r++)
                    for (int q = 0; q < s->kernel; q++) {
                        int h = oh * s->stride - s->padding + r,
                            w = ow * s->stride - s->padding + q;
                        padded += h < in.height + s->padding && w < in.width + s->padding;
                        if (h < 0 || h >= in.height || w < 0 || w >= in.width)
                            continue;
                        pixels += 1;
                        sum += x[((size_t)h * in.width + w) * in.channels + c];
                    }
                y[((size_t)oh * out.width + ow) * in.channels + c] =
                    sum / (s->counts_padding ? padded : pixels);
            }
}

static double twin_sum(void *context)
{
    struct twin *t = context;
    twin_pool(t->pool, t->y, t->x);
    return reference_dot(t->y, t->dy, t->out);
}

/* The pooled channels of one sample. */
static float *packed(const float *from, struct shape shape, int gap, int sample)
{
    size_t pixels = shape_pixels(shape), channels = shape.channels;
    float *out = close_floats(shape_floats(shape));
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * channels, from + (sample * pixels + p) * (channels + gap),
               channels * sizeof *out);
    return out;
}

static void compare_sample(const struct one_pool *o, const float *y, const float *x,
                           const float *dy, const float *dx, int sample)
{
    size_t in = shape_floats(o->pool.in), out = shape_floats(o->pool.out);
    float *of_x = packed(x, o->pool.in, o->in_gap, sample),
          *of_dx = packed(dx, o->pool.in, o->in_gap, sample),
          *of_y = packed(y, o->pool.out, o->out_gap, sample),
          *of_dy = packed(dy, o->pool.out, o->out_gap, sample);
    struct twin t = {o, close_to_double(of_x, in), close_doubles(out), close_to_double(of_dy, out),
                     out};
    double *slope = close_doubles(in);
    twin_sum(&t);
    assert_close(of_y, t.y, out, 1e-6);
    reference_slopes(slope, twin_sum, &t, t.x, in);
    assert_close(of_dx, slope, in, 1e-6);
    free(of_x);
    free(of_dx);
    free(of_y);
    free(of_dy);
    free(t.x);
    free(t.y);
    free(t.dy);
    free(slope);
}

static void assert_untouched(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(values[i] == 7);
}

static void compare(struct one_pool o, int batch)
{
    struct layer_fixture f;
    layer_fixture_create(&f, build, NULL, &o, batch);
    assert_memory_equal(&o.out.shape, &o.pool.out, sizeof o.out.shape);
    size_t in = shape_pixels(o.pool.in) * (o.in.channels + o.in_gap);
    size_t out = shape_pixels(o.pool.out) * (o.in.channels + o.out_gap);
    float *x = close_normal(in * batch), *dy = close_normal(out * batch);
    float *y = close_filled(out * batch, 7), *dx = close_filled(in * batch, 7);
    int index[MAX_BATCH], n = layer_fixture_subset(index, batch);
    const struct samples some = {index, n};
    average_pool_forward(&o.pool, y, x, some);
    average_pool_backward(&o.pool, dx, dy, some, false);
    for (int sample = 0; sample < batch; sample++)
        if (layer_fixture_contains(index, n, sample)) {
            compare_sample(&o, y, x, dy, dx, sample);
        } else {
            assert_untouched(y + sample * out, out);
            assert_untouched(dx + sample * in, in);
        }
    free(x);
    free(y);
    free(dy);
    free(dx);
    layer_fixture_destroy(&f);
}

static void average_pool_and_its_gradient_are_those_of_the_twin(void **state)
{
    (void)state;
    close_seed(64);
    for (int i = 0; i < 40; i++) {
        int kernel = close_pick(1, 4);
        struct one_pool o = {
            .in = {close_pick(kernel, 13), close_pick(kernel, 9), close_pick(1, 5)},
            .spec = {.kernel = kernel,
                     .stride = close_pick(1, 3),
                     .padding = close_pick(0, kernel / 2),
                     .rounds_up = i % 2,
                     .counts_padding = i % 4 < 2},
        };
        if (close_pick(0, 1)) {
            o.in_gap = close_pick(1, 5);
            o.out_gap = close_pick(1, 5);
            o.spec.in_pitch = o.in.channels + o.in_gap;
            o.spec.out_pitch = o.in.channels + o.out_gap;
        }
        compare(o, close_pick(1, MAX_BATCH));
    }
}

static void what_is_added_to_dx_is_what_is_written(void **state)
{
    (void)state;
    static const int index[] = {0};
    const struct samples one = {index, 1};
    struct one_pool o = {.in = {5, 5, 3}, .spec = {.kernel = 3, .stride = 2, .padding = 1}};
    struct layer_fixture f;
    close_seed(65);
    layer_fixture_create(&f, build, NULL, &o, 1);
    float *dy = close_normal(27), *dx = close_filled(75, NAN), *added = close_filled(75, 2);
    average_pool_backward(&o.pool, dx, dy, one, false);
    average_pool_backward(&o.pool, added, dy, one, true);
    for (int i = 0; i < 75; i++)
        assert_true(fabsf(added[i] - 2 - dx[i]) < 1e-6f);
    free(dy);
    free(dx);
    free(added);
    layer_fixture_destroy(&f);
}

/* Figures of torch.nn.AvgPool2d(kernel, stride, padding, ceil_mode). */
static void output_sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    static const struct {
        int in, kernel, stride, padding, floor, ceil;
    } cases[] = {
        {112, 2, 2, 0, 56, 56}, {113, 2, 2, 0, 56, 57}, {13, 2, 2, 0, 6, 7}, {1, 2, 2, 0, 0, 1},
        {112, 3, 2, 1, 56, 57}, {113, 3, 2, 1, 57, 57}, {9, 3, 1, 1, 9, 9},  {9, 2, 3, 0, 3, 3},
        {7, 2, 3, 0, 2, 3},     {6, 3, 3, 1, 2, 3},     {8, 2, 4, 0, 2, 2},  {2, 3, 2, 1, 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int ceil = 0; ceil < 2; ceil++) {
            struct average_pool p;
            struct arena arena = {0};
            struct build b = {.activations = &arena, .scratch = &arena, .max_batch = 1};
            const struct average_pool_spec spec = {.kernel = cases[i].kernel,
                                                   .stride = cases[i].stride,
                                                   .padding = cases[i].padding,
                                                   .rounds_up = ceil == 1};
            average_pool_build(&p, &b, "pool", (struct tensor){{cases[i].in, cases[i].in, 1}, -1},
                               &spec);
            assert_int_equal(p.out.height, ceil ? cases[i].ceil : cases[i].floor);
            assert_int_equal(p.out.width, ceil ? cases[i].ceil : cases[i].floor);
        }
}

static void the_row_says_what_the_pool_does(void **state)
{
    (void)state;
    for (int counts = 0; counts < 2; counts++) {
        struct average_pool p;
        struct arena arena = {0};
        struct layer_table table = {0};
        struct build b = {
            .activations = &arena, .scratch = &arena, .max_batch = 1, .table = &table};
        const struct average_pool_spec spec = {.kernel = 3,
                                               .stride = 2,
                                               .padding = 1,
                                               .counts_padding = counts == 1,
                                               .in_pitch = 8,
                                               .in_channel = 6};
        average_pool_build(&p, &b, "pool", (struct tensor){{7, 7, 2}, 4}, &spec);
        const struct layer_row *r = table.row;
        assert_int_equal(table.n, 1);
        assert_string_equal(r->name, "pool");
        assert_int_equal(r->operation, LAYER_AVERAGE_POOL);
        assert_true(r->input == 4 && r->in_channel == 6 && r->residual == -1);
        assert_true(r->kernel == 3 && r->stride == 2 && r->pad_top == 1 && r->pad_left == 1);
        assert_int_equal(r->pad_counts, counts);
        assert_true(r->out.height == 4 && r->out.channels == 2);
        free(table.row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(average_pool_and_its_gradient_are_those_of_the_twin),
        cmocka_unit_test(what_is_added_to_dx_is_what_is_written),
        cmocka_unit_test(output_sizes_are_those_of_pytorch),
        cmocka_unit_test(the_row_says_what_the_pool_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
