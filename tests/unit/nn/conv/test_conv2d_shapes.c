/* Every convolution of the project's networks (conv_shapes.h), with all of its channels and a small
 * image, by every method: beside the definition in double precision. */
#include "nn/conv/conv2d.h"

#include "nn/conv/one_conv.h"

#include "conv_shapes.h"

enum { BATCH = 2, METHODS = 4 };

static const struct conv_shape *shape_of_list;
static int side;

static void build_listed(void *layer, struct build *b)
{
    const struct conv_shape *s = shape_of_list;
    const struct conv_spec spec = conv_shape_spec(s);
    conv2d_build(layer, b, "conv", (struct tensor){{side, side, s->in_c}, -1}, &spec);
}

static void measure_listed(void *layer, struct samples samples)
{
    const struct arrays none = {0};
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        run_pass(layer, (enum conv2d_pass)pass, &none, samples, false);
}

/* One sample's three passes, by the definition; the loops are so nested that a row of the filter
 * lies in order. x and dx have the layer's pitch. */
static void define(const struct conv2d *c, const double *x, const double *dy, const double *w,
                   double *y, double *dx, double *dw)
{
    const int in_c = c->in.channels, out_c = c->out.channels;
    for (int at = 0; at < c->out.height * c->out.width * c->kernel * c->kernel; at++) {
        int tap = at % (c->kernel * c->kernel), pixel = at / (c->kernel * c->kernel);
        int h = pixel / c->out.width * c->stride + tap / c->kernel - c->pad_top,
            v = pixel % c->out.width * c->stride + tap % c->kernel - c->pad_left;
        if (h < 0 || h >= c->in.height || v < 0 || v >= c->in.width)
            continue;
        size_t source = ((size_t)h * c->in.width + v) * c->in_pitch;
        double *to = y + (size_t)pixel * out_c;
        const double *from = dy + (size_t)pixel * out_c;
        for (int i = 0; i < in_c; i++) {
            /* depthwise: output i alone */
            int first = c->groups > 1 ? i : 0, last = c->groups > 1 ? i + 1 : out_c;
            size_t row = c->groups > 1 ? (size_t)tap * out_c : ((size_t)tap * in_c + i) * out_c;
            double sum = 0;
            for (int k = first; k < last; k++) {
                to[k] += x[source + i] * w[row + k];
                dw[row + k] += x[source + i] * from[k];
                sum += w[row + k] * from[k];
            }
            dx[source + i] += sum;
        }
    }
}

/* What it is compared with: of the arrays, and of the gradient, the exact values. */
struct witness {
    float *x, *dy;
    double *y, *dx, *dw;
    size_t in, out, filter;
};

static void bear_witness(struct witness *t, const struct conv2d *c)
{
    t->in = conv2d_in_floats(c);
    t->out = shape_floats(c->out);
    t->filter = c->weight->size;
    t->x = close_normal(BATCH * t->in);
    t->dy = close_normal(BATCH * t->out);
    double *x = close_to_double(t->x, BATCH * t->in), *dy = close_to_double(t->dy, BATCH * t->out),
           *w = close_to_double(c->weight->data, t->filter);
    t->y = close_doubles(BATCH * t->out);
    t->dx = close_doubles(BATCH * t->in);
    t->dw = close_doubles(t->filter);
    for (size_t n = 0; n < BATCH; n++)
        define(c, x + n * t->in, dy + n * t->out, w, t->y + n * t->out, t->dx + n * t->in, t->dw);
    free(x);
    free(dy);
    free(w);
}

static void compare_with(const struct witness *t, const struct conv2d *c)
{
    static const int all[BATCH] = {0, 1};
    bool is_winograd = false;
    struct arrays a = {.x = t->x, .dy = t->dy};
    a.y = close_floats(BATCH * t->out);
    a.dx = close_filled(BATCH * t->in, 0); /* between the pixels of a slice as well */
    for (int pass = 0; pass < CONV2D_PASSES; pass++) {
        is_winograd = is_winograd || c->plan[pass] == CONV2D_WINOGRAD;
        run_pass(c, (enum conv2d_pass)pass, &a, (struct samples){all, BATCH}, false);
    }
    const double allowed = is_winograd ? 3e-5 : 3e-6; /* as in test_conv2d.c */
    assert_close(a.y, t->y, BATCH * t->out, allowed);
    assert_close(a.dx, t->dx, BATCH * t->in, allowed);
    assert_close(c->weight->grad, t->dw, t->filter, allowed);
    free(a.y);
    free(a.dx);
}

static void every_method_computes_a_layer_of_the_list(const struct conv_shape *s)
{
    struct witness t = {0};
    shape_of_list = s;
    for (int i = 0; i < (s->is_depthwise ? 1 : METHODS); i++) {
        struct conv2d conv;
        struct layer_fixture f;
        close_seed(70); /* the same filter each time */
        layer_fixture_create_with(&f, build_listed, measure_listed, &conv, BATCH, CHOICES[i]);
        if (i == 0)
            bear_witness(&t, &conv);
        compare_with(&t, &conv);
        layer_fixture_destroy(&f);
    }
    free(t.x);
    free(t.dy);
    free(t.y);
    free(t.dx);
    free(t.dw);
}

/* Images of seven pixels are the least that Winograd takes; of a 1x1 filter's each is alike. */
static void every_layer_of_the_networks_is_that_of_double_precision(void **state)
{
    (void)state;
    for (int i = 0; i < CONV_SHAPES; i++) {
        const struct conv_shape *s = &conv_shapes[i];
        side = s->kernel == 1 ? 3 : s->is_depthwise ? 9 : 7;
        every_method_computes_a_layer_of_the_list(s);
    }
}

static void no_shape_is_listed_twice(void **state)
{
    (void)state;
    for (int i = 0; i < CONV_SHAPES; i++)
        for (int j = 0; j < i; j++) {
            const struct conv_shape *a = &conv_shapes[i], *b = &conv_shapes[j];
            assert_false(a->kernel == b->kernel && a->stride == b->stride && a->in_c == b->in_c &&
                         a->out_c == b->out_c && a->size == b->size &&
                         a->is_depthwise == b->is_depthwise);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_of_the_networks_is_that_of_double_precision),
        cmocka_unit_test(no_shape_is_listed_twice),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
