/* All of the convolution's files: forward, backward-data and backward-weights beside the plain
 * double-precision loops of reference.h. */
#include "nn/conv/conv2d.h"

#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/conv/conv2d_plan.h"

#include "dies.h"
#include "nn/layer_fixture.h"
#include "nn/reference.h"

/* float32 sums of up to some thousand products, relative to the largest result. Winograd's F(4x4)
 * multiplies by up to 8 and takes differences, and loses about a digit. */
static double tolerance_of(const struct conv2d *c)
{
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        if (c->plan[pass] == CONV2D_WINOGRAD)
            return 3e-5;
    return 3e-6;
}

/* Every test runs for each of the methods (a shape that one does not fit takes another). */
static enum conv2d_choice choice;
static const enum conv2d_kind *plan; /* [CONV2D_PASSES]; NULL but where a test says otherwise */

enum { MAX_BATCH = 10 };
#define UNTOUCHED 1234.5f

struct one_conv {
    int in_h, in_w, in_c, out_c, kernel, stride, batch;
    bool same_padding;
    int passes; /* that are run, a bit each; 0: all */
    struct conv2d conv;
    struct reference_conv reference;
};

/* Doubles of the twin for some samples; what it does not visit keeps the given values. */
struct arrays {
    size_t in, out; /* floats for one sample */
    float *x, *dy, *y, *dx;
    double *weight, *want_y, *want_dx, *want_dw;
};

static struct one_conv shape(int in_h, int in_w, int in_c, int out_c, int kernel, int stride,
                             int batch)
{
    return (struct one_conv){.in_h = in_h,
                             .in_w = in_w,
                             .in_c = in_c,
                             .out_c = out_c,
                             .kernel = kernel,
                             .stride = stride,
                             .batch = batch};
}

static void build(void *layer, struct build *b)
{
    struct one_conv *o = layer;
    const struct conv_spec spec = {
        o->out_c, o->kernel, o->stride,
        o->same_padding ? LAYER_PADDING_SAME : layer_usual_padding(o->kernel), 1};
    conv2d_build(&o->conv, b, "conv", (struct tensor){{o->in_h, o->in_w, o->in_c}, -1}, &spec);
    if (plan)
        conv2d_plan_set(&o->conv, plan);
    struct reference_conv *r = &o->reference;
    *r = (struct reference_conv){.in_h = o->in_h,
                                 .in_w = o->in_w,
                                 .in_c = o->in_c,
                                 .out_c = o->out_c,
                                 .kernel = o->kernel,
                                 .stride = o->stride};
    r->pad_top = reference_padding(&r->out_h, o->in_h, o->kernel, o->stride, o->same_padding);
    r->pad_left = reference_padding(&r->out_w, o->in_w, o->kernel, o->stride, o->same_padding);
    assert_int_equal(o->conv.out.height, r->out_h);
    assert_int_equal(o->conv.out.width, r->out_w);
}

static void run_pass(const struct conv2d *c, enum conv2d_pass pass, const struct arrays *a,
                     struct samples samples, bool accumulate)
{
    if (pass == CONV2D_FORWARD)
        conv2d_forward(c, a->y, a->x, samples);
    else if (pass == CONV2D_BACKWARD_DATA)
        conv2d_backward_data(c, a->dx, a->dy, samples, accumulate);
    else
        conv2d_backward_weights(c, a->x, a->dy, samples);
}

static void measure(void *layer, struct samples samples)
{
    const struct one_conv *o = layer;
    const struct arrays none = {0};
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        if (o->passes == 0 || o->passes >> pass & 1)
            run_pass(&o->conv, (enum conv2d_pass)pass, &none, samples, false);
}

static void create(struct layer_fixture *f, struct one_conv *o)
{
    layer_fixture_create_with(f, build, measure, o, o->batch, choice);
}

static void make_arrays(struct arrays *a, const struct one_conv *o, bool accumulate)
{
    const struct param *p = o->conv.weight;
    a->in = reference_in_floats(&o->reference);
    a->out = reference_out_floats(&o->reference);
    a->x = close_normal(a->in * o->batch);
    a->dy = close_normal(a->out * o->batch);
    a->y = close_filled(a->out * o->batch, UNTOUCHED);
    a->dx = accumulate ? close_normal(a->in * o->batch) : close_filled(a->in * o->batch, UNTOUCHED);
    a->weight = close_to_double(p->data, p->size);
    a->want_y = close_to_double(a->y, a->out * o->batch);
    a->want_dx = close_to_double(a->dx, a->in * o->batch);
    a->want_dw = close_doubles(p->size);
}

static void free_arrays(struct arrays *a)
{
    free(a->x);
    free(a->dy);
    free(a->y);
    free(a->dx);
    free(a->weight);
    free(a->want_y);
    free(a->want_dx);
    free(a->want_dw);
}

static void run_reference(struct arrays *a, const struct one_conv *o, int sample, bool accumulate)
{
    double *y = a->want_y + sample * a->out, *dx = a->want_dx + sample * a->in;
    double *x = close_to_double(a->x + sample * a->in, a->in);
    double *dy = close_to_double(a->dy + sample * a->out, a->out);
    memset(y, 0, a->out * sizeof *y);
    if (!accumulate)
        memset(dx, 0, a->in * sizeof *dx);
    reference_conv_forward(&o->reference, y, x, a->weight);
    reference_conv_backward_data(&o->reference, dx, dy, a->weight);
    reference_conv_backward_weights(&o->reference, a->want_dw, x, dy);
    free(x);
    free(dy);
}

/* The three passes over a subset of the samples. Samples that are not in it must be neither
 * written nor read: their x and dy are NaN. */
static void compare(struct one_conv *o, bool accumulate)
{
    struct layer_fixture f;
    struct arrays a;
    int index[MAX_BATCH], n = layer_fixture_subset(index, o->batch);
    struct samples samples = {index, n};
    create(&f, o);
    const double allowed = tolerance_of(&o->conv);
    make_arrays(&a, o, accumulate);
    for (int sample = 0; sample < o->batch; sample++) {
        if (layer_fixture_contains(index, n, sample)) {
            run_reference(&a, o, sample, accumulate);
            continue;
        }
        for (size_t i = 0; i < a.in; i++)
            a.x[sample * a.in + i] = NAN;
        for (size_t i = 0; i < a.out; i++)
            a.dy[sample * a.out + i] = NAN;
    }
    conv2d_forward(&o->conv, a.y, a.x, samples);
    conv2d_backward_data(&o->conv, a.dx, a.dy, samples, accumulate);
    conv2d_backward_weights(&o->conv, a.x, a.dy, samples);
    assert_close(o->conv.weight->grad, a.want_dw, o->conv.weight->size, allowed);
    for (int sample = 0; sample < o->batch; sample++) {
        double tolerance = layer_fixture_contains(index, n, sample) ? allowed : 0;
        assert_close(a.y + sample * a.out, a.want_y + sample * a.out, a.out, tolerance);
        assert_close(a.dx + sample * a.in, a.want_dx + sample * a.in, a.in, tolerance);
    }
    free_arrays(&a);
    layer_fixture_destroy(&f);
}

static struct one_conv random_conv(void)
{
    static const int channels[] = {1, 3, 5, 8, 16, 19, 33};
    struct one_conv o = {.kernel = close_pick(1, 7), .stride = close_pick(1, 3)};
    o.in_c = channels[close_pick(0, 6)];
    o.out_c = channels[close_pick(0, 6)];
    if (choice == CONV2D_ALL_WINOGRAD) { /* what it fits */
        o.kernel = 3;
        o.stride = 1;
        o.in_c = 16 * close_pick(1, 3);
        o.out_c = 16 * close_pick(1, 3);
    }
    o.in_h = close_pick(o.kernel, 16);
    o.in_w = close_pick(o.kernel, 16);
    o.batch = close_pick(1, 5);
    return o;
}

static void all_three_passes_are_those_of_double_precision_on_random_shapes(void **state)
{
    (void)state;
    close_seed(40);
    for (int i = 0; i < 16; i++) {
        struct one_conv o = random_conv();
        compare(&o, i % 2);
    }
}

/* TensorFlow's padding: an odd zero too many is below and on the right, so that with stride 2 even
 * and odd sizes begin at different pixels, and height and width differ. */
static void same_padding_is_that_of_double_precision(void **state)
{
    (void)state;
    close_seed(46);
    for (int i = 0; i < 24; i++) {
        struct one_conv o = random_conv();
        o.same_padding = true;
        o.in_h = close_pick(1, 16);
        compare(&o, i % 2);
    }
    for (int side = 5; side <= 8; side++)
        for (int kernel = 2; kernel <= 5; kernel++) {
            struct one_conv o = shape(side, side + 1, 16, 32, kernel, 2, 2);
            o.same_padding = true;
            compare(&o, false);
        }
}

static void pictures_smaller_than_the_filter_are_all_border(void **state)
{
    (void)state;
    close_seed(41);
    for (int side = 1; side <= 3; side++)
        for (int stride = 1; stride <= 3; stride++) {
            struct one_conv o = shape(side, side, 3, 4, 7, stride, 2);
            compare(&o, false);
        }
}

/* Several tiles for one sample in each direction; widths where the phases of a stride differ; a
 * scratch tile that just one phase fills. */
static void many_tiles_and_every_phase_of_a_stride_fit_their_scratch_memory(void **state)
{
    (void)state;
    close_seed(42);
    struct one_conv shapes[] = {
        shape(40, 50, 16, 16, 3, 1, 2),
        shape(50, 61, 33, 8, 3, 2, 1),
        shape(3, 383, 8, 64, 3, 2, 1),
        shape(80, 80, 3, 16, 7, 2, 1),
        shape(70, 70, 4, 4, 5, 3, 2),
        shape(80, 81, 64, 64, 3, 2, 1), /* the phase of one tap needs the most */
    };
    struct error err;
    assert_int_equal(parallel_start(1, &err), STATUS_OK); /* no neighbour's tile behind the first */
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(&shapes[i], i % 2);
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
}

static void filters_of_more_than_256k_floats_are_cut_by_taps_as_well(void **state)
{
    (void)state;
    close_seed(43);
    struct one_conv o = shape(6, 5, 170, 180, 3, 1, 3);
    assert_true(9 * o.in_c * o.out_c > 256 * 1024);
    compare(&o, false);
    o.stride = 2;
    compare(&o, true);
}

/* Winograd's other ways. Blocks of the filter: several rounds, several strips of a round, and
 * widths that end in the middle of a block. Then more tiles than a block of the gradient has, with
 * many channels and with few; a filter that is too large for one part. */
static void every_way_of_winograd_is_that_of_double_precision(void **state)
{
    (void)state;
    close_seed(47);
    choice = CONV2D_ALL_WINOGRAD;
    struct one_conv shapes[] = {
        shape(14, 13, 80, 80, 3, 1, 5),  shape(16, 15, 80, 64, 3, 1, 10),
        shape(13, 15, 32, 144, 3, 1, 5), shape(7, 8, 144, 48, 3, 1, 2),
        shape(18, 17, 64, 80, 3, 1, 3),  shape(52, 60, 64, 80, 3, 1, 1),
        shape(92, 96, 16, 16, 3, 1, 2),  shape(7, 8, 144, 512, 3, 1, 1),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(&shapes[i], i % 2);
}

/* The fixture's arrays are as large as the passes asked for. */
static void every_mixture_of_methods_has_its_own_scratch_memory(void **state)
{
    (void)state;
    close_seed(48);
    choice = CONV2D_AUTO;
    struct one_conv shapes[] = {
        shape(7, 8, 80, 64, 3, 1, 2),
        shape(18, 17, 64, 80, 3, 1, 1),
        shape(9, 10, 16, 32, 3, 1, 2),
    };
    for (int mixture = 0; mixture < 27; mixture++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            const enum conv2d_kind p[CONV2D_PASSES] = {mixture % 3, mixture / 3 % 3, mixture / 9};
            plan = p;
            compare(&shapes[i], false);
        }
    plan = NULL;
}

struct one_pass {
    const struct one_conv *conv;
    const struct arrays *arrays;
    enum conv2d_pass pass;
};

static void call_pass(void *context)
{
    static const int all[MAX_BATCH] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const struct one_pass *p = context;
    run_pass(&p->conv->conv, p->pass, p->arrays, (struct samples){all, p->conv->batch}, false);
}

static void assert_no_line_is_left(struct one_conv o, enum conv2d_pass pass)
{
    struct layer_fixture f;
    struct arrays a;
    o.passes = 1 << pass;
    create(&f, &o);
    make_arrays(&a, &o, false);
    struct one_pass p = {&o, &a, pass};
    call_pass(&p);
    if (f.scratch.peak > 0) {
        f.scratch.peak -= MEMORY_ALIGNMENT;
        assert_true(dies(call_pass, &p));
        f.scratch.peak += MEMORY_ALIGNMENT;
    }
    free_arrays(&a);
    layer_fixture_destroy(&f);
}

static void scratch_memory_is_no_line_larger_than_what_each_pass_takes(void **state)
{
    (void)state;
    close_seed(39);
    const struct one_conv shapes[] = {
        shape(14, 13, 80, 80, 3, 1, 5),
        shape(9, 10, 16, 32, 3, 1, 2),
        shape(15, 15, 48, 64, 3, 2, 5),
        shape(6, 5, 170, 180, 3, 1, 3),
    };
    struct error err;
    assert_int_equal(parallel_start(1, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int pass = 0; pass < CONV2D_PASSES; pass++)
            assert_no_line_is_left(shapes[i], (enum conv2d_pass)pass);
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
}

/* y and dx of all samples, and dw of all together. */
static void run_passes(struct one_conv *o, struct arrays *a, int threads)
{
    struct layer_fixture f;
    struct error err;
    assert_int_equal(parallel_start(threads, &err), STATUS_OK);
    close_seed(49); /* the same weights and pictures each time */
    create(&f, o);
    make_arrays(a, o, false);
    call_passes(&(struct passes){o, a});
    for (size_t i = 0; i < o->conv.weight->size; i++)
        a->want_dw[i] = o->conv.weight->grad[i];
    layer_fixture_destroy(&f);
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
}

static void a_pictures_bits_depend_on_no_neighbour_and_no_thread(void **state)
{
    (void)state;
    static const int first = 0;
    struct one_conv shapes[] = {
        shape(14, 14, 80, 80, 3, 1, 10),
        shape(18, 17, 64, 80, 3, 1, 4),
        shape(30, 31, 32, 32, 3, 1, 3),
        shape(15, 15, 48, 64, 3, 2, 5),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct one_conv *o = &shapes[i];
        struct arrays one, three;
        run_passes(o, &three, 3);
        run_passes(o, &one, 1);
        assert_memory_equal(one.y, three.y, o->batch * one.out * sizeof *one.y);
        assert_memory_equal(one.dx, three.dx, o->batch * one.in * sizeof *one.dx);
        for (int j = 0; j < o->kernel * o->kernel * o->in_c * o->out_c; j++)
            assert_true(one.want_dw[j] == three.want_dw[j]);

        struct layer_fixture f;
        close_seed(49);
        create(&f, o);
        conv2d_forward(&o->conv, three.y, three.x, (struct samples){&first, 1});
        conv2d_backward_data(&o->conv, three.dx, three.dy, (struct samples){&first, 1}, false);
        assert_memory_equal(one.y, three.y, one.out * sizeof *one.y);
        assert_memory_equal(one.dx, three.dx, one.in * sizeof *one.dx);
        layer_fixture_destroy(&f);
        free_arrays(&one);
        free_arrays(&three);
    }
}

/* <conv(x), dy> = <x, conv^T(dy)> = <w, dw(x, dy)>, with our own float32 passes on both sides. */
static void forward_and_both_backward_passes_are_adjoints(void **state)
{
    (void)state;
    close_seed(44);
    for (int i = 0; i < 8; i++) {
        struct one_conv o = random_conv();
        struct layer_fixture f;
        struct arrays a;
        create(&f, &o);
        const double allowed = tolerance_of(&o.conv);
        make_arrays(&a, &o, false);
        call_passes(&(struct passes){&o, &a});
        double y_dy = 0, x_dx = 0, w_dw = 0, size = 0;
        for (size_t j = 0; j < a.out * o.batch; j++) {
            y_dy += (double)a.y[j] * a.dy[j];
            size += fabs((double)a.y[j] * a.dy[j]);
        }
        for (size_t j = 0; j < a.in * o.batch; j++)
            x_dx += (double)a.x[j] * a.dx[j];
        for (size_t j = 0; j < o.conv.weight->size; j++)
            w_dw += a.weight[j] * o.conv.weight->grad[j];
        assert_true(fabs(y_dy - x_dx) <= allowed * size);
        assert_true(fabs(y_dy - w_dw) <= allowed * size);
        free_arrays(&a);
        layer_fixture_destroy(&f);
    }
}

/* The convolution is linear in x and in w: a difference quotient of the twin is exact but for
 * rounding. */
struct slope_context {
    const struct one_conv *o;
    double *x, *w, *dy, *y;
};

static double weighted_output(void *context)
{
    struct slope_context *s = context;
    size_t n = reference_out_floats(&s->o->reference);
    memset(s->y, 0, n * sizeof *s->y);
    reference_conv_forward(&s->o->reference, s->y, s->x, s->w);
    return reference_dot(s->y, s->dy, n);
}

static void gradients_are_those_of_finite_differences(void **state)
{
    (void)state;
    close_seed(45);
    for (int stride = 1; stride <= 3; stride++) {
        struct one_conv o = shape(7, 6, 3, 5, 3, stride, 1);
        const struct samples samples = {&(const int){0}, 1};
        struct layer_fixture f;
        struct arrays a;
        create(&f, &o);
        const double allowed = tolerance_of(&o.conv);
        make_arrays(&a, &o, false);
        struct slope_context s = {&o, close_to_double(a.x, a.in), a.weight,
                                  close_to_double(a.dy, a.out), close_doubles(a.out)};
        reference_slopes(a.want_dx, weighted_output, &s, s.x, a.in);
        reference_slopes(a.want_dw, weighted_output, &s, s.w, o.conv.weight->size);
        conv2d_backward_data(&o.conv, a.dx, a.dy, samples, false);
        conv2d_backward_weights(&o.conv, a.x, a.dy, samples);
        assert_close(a.dx, a.want_dx, a.in, allowed);
        assert_close(o.conv.weight->grad, a.want_dw, o.conv.weight->size, allowed);
        free(s.x);
        free(s.dy);
        free(s.y);
        free_arrays(&a);
        layer_fixture_destroy(&f);
    }
}

static int start(void **state)
{
    struct error err;
    (void)state;
    gemm_start();
    return parallel_start(3, &err) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    parallel_stop();
    return 0;
}

static int set_choice(void **state)
{
    choice = **(const enum conv2d_choice **)state;
    return 0;
}

static const enum conv2d_choice CHOICES[] = {CONV2D_AUTO, CONV2D_ALL_IM2COL, CONV2D_ALL_DIRECT,
                                             CONV2D_ALL_WINOGRAD};
#define ON(test, name, index)                                                                      \
    {                                                                                              \
        name ": " #test, test, set_choice, NULL, (void *)&CHOICES[index]                           \
    }
#define ON_EVERY_CHOICE(test)                                                                      \
    ON(test, "auto", 0), ON(test, "im2col", 1), ON(test, "direct", 2), ON(test, "winograd", 3)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY_CHOICE(all_three_passes_are_those_of_double_precision_on_random_shapes),
        ON_EVERY_CHOICE(same_padding_is_that_of_double_precision),
        ON_EVERY_CHOICE(pictures_smaller_than_the_filter_are_all_border),
        ON_EVERY_CHOICE(many_tiles_and_every_phase_of_a_stride_fit_their_scratch_memory),
        ON_EVERY_CHOICE(filters_of_more_than_256k_floats_are_cut_by_taps_as_well),
        cmocka_unit_test(every_way_of_winograd_is_that_of_double_precision),
        cmocka_unit_test(every_mixture_of_methods_has_its_own_scratch_memory),
        ON_EVERY_CHOICE(scratch_memory_is_no_line_larger_than_what_each_pass_takes),
        ON_EVERY_CHOICE(a_pictures_bits_depend_on_no_neighbour_and_no_thread),
        ON_EVERY_CHOICE(forward_and_both_backward_passes_are_adjoints),
        ON_EVERY_CHOICE(gradients_are_those_of_finite_differences),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
