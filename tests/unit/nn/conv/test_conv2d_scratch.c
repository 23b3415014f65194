/* What the passes of a convolution take of scratch memory, and that neither neighbours in the batch
 * nor threads change a bit of a sample. */
#include "nn/conv/one_conv.h"

#include "dies.h"

struct one_pass {
    const struct one_conv *conv;
    const struct arrays *arrays;
    enum conv2d_pass pass;
};

static void call_pass(void *context)
{
    const struct one_pass *p = context;
    run_whole_pass(p->conv, p->pass, p->arrays);
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
        shape(14, 13, 80, 80, 3, 1, 5),  shape(9, 10, 16, 32, 3, 1, 2),
        shape(15, 15, 48, 64, 3, 2, 5),  shape(6, 5, 170, 180, 3, 1, 3),
        shape(14, 13, 75, 89, 3, 1, 5),  shape(9, 10, 26, 52, 3, 1, 2),
        shape(9, 10, 600, 230, 1, 2, 2),
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
    close_seed(49); /* the same weights and images each time */
    create(&f, o);
    make_arrays(a, o, false);
    run_whole_passes(o, a);
    for (size_t i = 0; i < o->conv.weight->size; i++)
        a->want_dw[i] = o->conv.weight->grad[i];
    layer_fixture_destroy(&f);
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
}

static void a_images_bits_depend_on_no_neighbour_and_no_thread(void **state)
{
    (void)state;
    static const int first = 0;
    struct one_conv shapes[] = {
        shape(14, 14, 80, 80, 3, 1, 10), shape(18, 17, 64, 80, 3, 1, 4),
        shape(30, 31, 32, 32, 3, 1, 3),  shape(18, 17, 26, 52, 3, 1, 4),
        shape(15, 15, 48, 64, 3, 2, 5),  shape(14, 13, 300, 450, 1, 1, 3),
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY_CHOICE(scratch_memory_is_no_line_larger_than_what_each_pass_takes),
        ON_EVERY_CHOICE(a_images_bits_depend_on_no_neighbour_and_no_thread),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
