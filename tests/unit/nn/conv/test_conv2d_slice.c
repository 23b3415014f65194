/* A convolution that reads a channel slice of a wider tensor, and writes its gradient there: the
 * same bits as with a tensor of its own, and nothing beside the slice. */
#include "nn/conv/one_conv.h"

/* Of a tensor without gaps, the slice from channel `first` on; `between` elsewhere. */
static float *widened(const float *plain, size_t pixels, int channels, int pitch, int first,
                      float between)
{
    float *wide = close_filled(pixels * (size_t)pitch, between);
    for (size_t p = 0; p < pixels; p++)
        memcpy(wide + p * (size_t)pitch + (size_t)first, plain + p * (size_t)channels,
               (size_t)channels * sizeof *wide);
    return wide;
}

static void run_all(const struct one_conv *o, struct arrays *a, bool accumulate)
{
    /* Not all samples: those between are skipped by the same distance. */
    static const int index[] = {0, 2};
    const struct samples some = {index, o->batch > 2 ? 2 : 1};
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        run_pass(&o->conv, (enum conv2d_pass)pass, a, some, accumulate);
}

static void compare(struct one_conv plain, int pitch, int first, bool accumulate)
{
    struct one_conv slice = plain;
    struct layer_fixture f[2];
    struct arrays a, b;
    slice.in_pitch = pitch;
    create(&f[0], &plain);
    create(&f[1], &slice);
    memcpy(slice.conv.weight->data, plain.conv.weight->data,
           plain.conv.weight->size * sizeof *plain.conv.weight->data);
    make_arrays(&a, &plain, accumulate);
    b = a;
    size_t pixels = (size_t)plain.in_h * (size_t)plain.in_w * (size_t)plain.batch,
           y_floats = a.out * (size_t)plain.batch;
    float *x = widened(a.x, pixels, plain.in_c, pitch, first, NAN);
    float *dx = widened(a.dx, pixels, plain.in_c, pitch, first, UNTOUCHED);
    b.x = x + first;
    b.dx = dx + first;
    b.y = close_filled(y_floats, UNTOUCHED);
    run_all(&plain, &a, accumulate);
    run_all(&slice, &b, accumulate);

    float *want = widened(a.dx, pixels, plain.in_c, pitch, first, UNTOUCHED);
    assert_memory_equal(plain.conv.plan, slice.conv.plan, sizeof plain.conv.plan);
    assert_memory_equal(b.y, a.y, y_floats * sizeof *a.y);
    assert_memory_equal(dx, want, pixels * (size_t)pitch * sizeof *dx);
    assert_memory_equal(slice.conv.weight->grad, plain.conv.weight->grad,
                        plain.conv.weight->size * sizeof *plain.conv.weight->grad);
    free(x);
    free(dx);
    free(want);
    free(b.y);
    free_arrays(&a);
    layer_fixture_destroy(&f[0]);
    layer_fixture_destroy(&f[1]);
}

static void a_slice_of_a_wider_tensor_has_the_bits_of_a_tensor_of_its_own(void **state)
{
    (void)state;
    close_seed(60);
    static const int channels[] = {26, 52, 16, 5}, kernels[][2] = {{3, 1}, {3, 2}, {1, 1}, {1, 2}};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        for (size_t j = 0; j < sizeof kernels / sizeof kernels[0]; j++) {
            int c = channels[i];
            struct one_conv o = shape(13, 11, c, c, kernels[j][0], kernels[j][1], 3);
            compare(o, 4 * c, c * (int)j, j % 2);
            o.in_h = 8;
            compare(o, c + 1, (int)(i % 2), i % 2);
        }
}

/* Winograd's two other ways, the parts of a large filter, several bands and several im2col tiles.
 */
static void large_shapes_have_them_too(void **state)
{
    (void)state;
    close_seed(61);
    const struct one_conv shapes[] = {
        shape(14, 13, 80, 80, 3, 1, 3),   shape(18, 17, 64, 80, 3, 1, 3),
        shape(7, 8, 144, 512, 3, 1, 1),   shape(52, 60, 32, 32, 3, 1, 2),
        shape(6, 5, 170, 180, 3, 1, 3),   shape(50, 61, 33, 8, 3, 2, 1),
        shape(40, 50, 64, 128, 1, 1, 2),  shape(14, 13, 75, 89, 3, 1, 3),
        shape(52, 60, 70, 90, 3, 1, 1),   shape(13, 11, 300, 450, 1, 1, 2),
        shape(15, 14, 120, 130, 3, 2, 2),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(shapes[i], 2 * shapes[i].in_c, shapes[i].in_c * (int)(i % 2), i % 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY_CHOICE(a_slice_of_a_wider_tensor_has_the_bits_of_a_tensor_of_its_own),
        ON_EVERY_CHOICE(large_shapes_have_them_too),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
