/* All of the convolution's files: forward, backward-data and backward-weights beside the plain
 * double-precision loops of reference.h. */
#include "nn/conv/conv2d.h"

#include "nn/conv/one_conv.h"

/* float32 sums of up to some thousand products, relative to the largest result. Winograd's F(4x4)
 * multiplies by up to 8 and takes differences, and loses about a digit. */
static double tolerance_of(const struct conv2d *c)
{
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        if (c->plan[pass] == CONV2D_WINOGRAD)
            return 3e-5;
    return 3e-6;
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
        o.in_c = close_pick(0, 1) ? 16 * close_pick(1, 3) : close_pick(24, 48);
        o.out_c = close_pick(0, 1) ? 16 * close_pick(1, 3) : close_pick(24, 48);
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

static void images_smaller_than_the_filter_are_all_border(void **state)
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

/* Direct's other way to the gradient of a filter: several chunks of what the filter sees and blocks
 * of output channels, with ranges of positions, which begin within a row, and without. */
static void filters_of_more_than_128k_floats_are_cut_into_blocks(void **state)
{
    (void)state;
    close_seed(44);
    struct one_conv shapes[] = {
        shape(13, 11, 300, 450, 1, 1, 3), shape(9, 8, 600, 230, 1, 2, 2),
        shape(1, 3, 140, 1030, 1, 1, 1),  shape(23, 22, 33, 160, 5, 2, 2),
        shape(3, 2, 64, 51, 7, 1, 2),     shape(31, 30, 130, 120, 3, 2, 1),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct one_conv *o = &shapes[i];
        assert_true(o->kernel * o->kernel * o->in_c * o->out_c > 128 * 1024);
        compare(o, i % 2);
    }
}

/* Of one piece more positions than a copy takes; and pieces that have none. */
static void blocks_of_filters_go_through_many_positions_and_none(void **state)
{
    (void)state;
    close_seed(47);
    struct one_conv many = shape(22, 22, 16, 8200, 1, 1, 1), none = shape(1, 1, 140, 1030, 1, 1, 1);
    compare(&many, false);
    compare(&none, false);
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
        shape(14, 13, 80, 80, 3, 1, 5),
        shape(16, 15, 80, 64, 3, 1, 10),
        shape(13, 15, 32, 144, 3, 1, 5),
        shape(7, 8, 144, 48, 3, 1, 2),
        shape(18, 17, 64, 80, 3, 1, 3),
        shape(52, 60, 64, 80, 3, 1, 1),
        shape(92, 96, 16, 16, 3, 1, 2),
        shape(7, 8, 144, 512, 3, 1, 1),
        /* the same with channels that fill no whole vectors */
        shape(14, 13, 75, 89, 3, 1, 5),
        shape(13, 15, 26, 150, 3, 1, 5),
        shape(18, 17, 67, 78, 3, 1, 3),
        shape(52, 60, 70, 90, 3, 1, 1),
        shape(92, 96, 26, 26, 3, 1, 2),
        shape(7, 8, 150, 507, 3, 1, 1),
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
        run_whole_passes(&o, &a);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY_CHOICE(all_three_passes_are_those_of_double_precision_on_random_shapes),
        ON_EVERY_CHOICE(same_padding_is_that_of_double_precision),
        ON_EVERY_CHOICE(images_smaller_than_the_filter_are_all_border),
        ON_EVERY_CHOICE(many_tiles_and_every_phase_of_a_stride_fit_their_scratch_memory),
        ON_EVERY_CHOICE(filters_of_more_than_256k_floats_are_cut_by_taps_as_well),
        ON_EVERY_CHOICE(filters_of_more_than_128k_floats_are_cut_into_blocks),
        ON(blocks_of_filters_go_through_many_positions_and_none, "direct", 2),
        cmocka_unit_test(every_way_of_winograd_is_that_of_double_precision),
        cmocka_unit_test(every_mixture_of_methods_has_its_own_scratch_memory),
        ON_EVERY_CHOICE(forward_and_both_backward_passes_are_adjoints),
        ON_EVERY_CHOICE(gradients_are_those_of_finite_differences),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
