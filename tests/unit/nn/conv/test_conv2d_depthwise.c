/* Depthwise convolutions of whole batches: forward beside the plain definition in double precision,
 * gradients beside finite differences of it. */
#include "nn/conv/conv2d.h"

#include "base/parallel.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"
#include "nn/threads.h"

enum { BATCH = 4 };

/* float32 sums of up to 25 products, and some thousand for the filter. */
#define TOLERANCE 3e-6

struct one {
    struct shape in;
    struct conv_spec spec;
    struct conv2d conv;
};

static void build(void *layer, struct build *b)
{
    struct one *o = layer;
    conv2d_build(&o->conv, b, "conv", (struct tensor){o->in, -1}, &o->spec);
}

static void measure(void *layer, struct samples samples)
{
    struct one *o = layer;
    conv2d_forward(&o->conv, NULL, NULL, samples);
    conv2d_backward_data(&o->conv, NULL, NULL, samples, false);
    conv2d_backward_weights(&o->conv, NULL, NULL, samples);
}

/* sum(dy * conv(x)) of some samples, by the definition. */
struct twin {
    const struct conv2d *conv;
    const int *index;
    int n;
    double *x, *w, *dy, *y;
};

static double twin_sum(void *context)
{
    const struct twin *t = context;
    const struct conv2d *c = t->conv;
    int channels = c->in.channels;
    double sum = 0;
    for (int i = 0; i < t->n; i++)
        for (int oh = 0; oh < c->out.height; oh++)
            for (int ow = 0; ow < c->out.width; ow++)
                for (int k = 0; k < channels; k++) {
                    double v = 0;
                    for (int r = 0; r < c->kernel; r++)
                        for (int s = 0; s < c->kernel; s++) {
                            int h = oh * c->stride + r - c->pad_top,
                                w = ow * c->stride + s - c->pad_left;
                            if (h >= 0 && h < c->in.height && w >= 0 && w < c->in.width)
                                v += t->x[((t->index[i] * c->in.height + h) * c->in.width + w) *
                                              channels +
                                          k] *
                                     t->w[(r * c->kernel + s) * channels + k];
                        }
                    int at =
                        ((t->index[i] * c->out.height + oh) * c->out.width + ow) * channels + k;
                    t->y[at] = v;
                    sum += v * t->dy[at];
                }
    return sum;
}

static void compare(struct one o, bool accumulate)
{
    struct layer_fixture f;
    int index[BATCH], n = layer_fixture_subset(index, BATCH);
    struct samples samples = {index, n};
    layer_fixture_create(&f, build, measure, &o, BATCH);
    const struct conv2d *c = &o.conv;
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        assert_int_equal(c->plan[pass], CONV2D_DEPTHWISE);
    size_t in = shape_floats(c->in), out = shape_floats(c->out), size = c->weight->size;
    assert_int_equal(size, c->kernel * c->kernel * c->in.channels);
    float *x = close_normal(BATCH * in), *dy = close_normal(BATCH * out),
          *y = close_filled(BATCH * out, 7), *dx = close_filled(BATCH * in, 7);
    struct twin t = {c,
                     index,
                     n,
                     close_to_double(x, BATCH * in),
                     close_to_double(c->weight->data, size),
                     close_to_double(dy, BATCH * out),
                     close_to_double(y, BATCH * out)};
    double *slope = close_doubles(BATCH * in), *dw = close_doubles(size);
    twin_sum(&t);
    reference_slopes(slope, twin_sum, &t, t.x, BATCH * in);
    reference_slopes(dw, twin_sum, &t, t.w, size);
    for (size_t i = 0; i < BATCH * in; i++) {
        bool visited = layer_fixture_contains(index, n, (int)(i / in));
        slope[i] = visited ? slope[i] + (accumulate ? 7 : 0) : 7;
    }
    conv2d_forward(c, y, x, samples);
    conv2d_backward_data(c, dx, dy, samples, accumulate);
    conv2d_backward_weights(c, x, dy, samples);
    assert_close(y, t.y, BATCH * out, TOLERANCE);
    assert_close(dx, slope, BATCH * in, TOLERANCE);
    assert_close(c->weight->grad, dw, size, TOLERANCE);
    free(x);
    free(dy);
    free(y);
    free(dx);
    free(slope);
    free(dw);
    free(t.x);
    free(t.w);
    free(t.dy);
    free(t.y);
    layer_fixture_destroy(&f);
}

static void all_passes_are_those_of_the_definition_and_its_finite_differences(void **state)
{
    (void)state;
    static const int channels[] = {2, 16, 19}, paddings[] = {0, 1, 2, LAYER_PADDING_SAME};
    close_seed(150);
    for (int kernel = 1; kernel <= 5; kernel += 2)
        for (int stride = 1; stride <= 2; stride++)
            for (int p = 0; p < 4; p++) {
                int c = channels[close_pick(0, 2)];
                compare((struct one){.in = {close_pick(5, 7), close_pick(5, 7), c},
                                     .spec = {.width = c,
                                              .kernel = kernel,
                                              .stride = stride,
                                              .padding = paddings[p],
                                              .groups = c}},
                        p % 2);
            }
}

/* Several pieces of rows, and more ranges than rows. */
static void bits_depend_on_no_thread_and_no_neighbour(void **state)
{
    (void)state;
    static const int all[BATCH] = {0, 1, 2, 3}, last[] = {3};
    struct error err;
    struct one o = {
        .in = {60, 50, 40},
        .spec = {
            .width = 40, .kernel = 5, .stride = 2, .padding = LAYER_PADDING_SAME, .groups = 40}};
    float *result[2][3] = {{NULL}};
    size_t in = 0, out = 0, size = 0;
    for (int run = 0; run < 2; run++) {
        struct layer_fixture f;
        assert_int_equal(parallel_start(1 + 2 * run, &err), STATUS_OK);
        close_seed(151);
        layer_fixture_create(&f, build, measure, &o, BATCH);
        in = shape_floats(o.conv.in), out = shape_floats(o.conv.out), size = o.conv.weight->size;
        float *x = close_normal(BATCH * in), *dy = close_normal(BATCH * out);
        struct samples samples = {all, BATCH};
        result[run][0] = close_floats(BATCH * out);
        result[run][1] = close_floats(BATCH * in);
        result[run][2] = close_floats(size);
        conv2d_forward(&o.conv, result[run][0], x, samples);
        conv2d_backward_data(&o.conv, result[run][1], dy, samples, false);
        conv2d_backward_weights(&o.conv, x, dy, samples);
        memcpy(result[run][2], o.conv.weight->grad, size * sizeof *result[run][2]);
        conv2d_forward(&o.conv, result[run][0], x, (struct samples){last, 1});
        free(x);
        free(dy);
        layer_fixture_destroy(&f);
    }
    assert_memory_equal(result[0][0], result[1][0], BATCH * out * sizeof(float));
    assert_memory_equal(result[0][1], result[1][1], BATCH * in * sizeof(float));
    assert_memory_equal(result[0][2], result[1][2], size * sizeof(float));
    for (int i = 0; i < 6; i++)
        free(result[i / 3][i % 3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_passes_are_those_of_the_definition_and_its_finite_differences),
        cmocka_unit_test(bits_depend_on_no_thread_and_no_neighbour),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
