#include "nn/linear.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"

enum { IN = 70, OUT = 37, BATCH = 9, SOME = 6 }; /* more than a piece of each */

static void build(void *layer, struct build *b)
{
    linear_build(layer, b, "fc", (struct tensor){{1, 1, IN}, -1}, OUT);
}

struct twin {
    double *x, *weight, *bias, *dy; /* of the visited samples, one behind the other */
    int n;
};

static double twin_sum(void *context)
{
    const struct twin *t = context;
    double sum = 0, y[OUT];
    for (int i = 0; i < t->n; i++) {
        reference_linear(y, t->x + i * IN, t->weight, t->bias, IN, OUT);
        sum += reference_dot(y, t->dy + i * OUT, OUT);
    }
    return sum;
}

static void output_and_gradients_are_those_of_the_twin_and_its_finite_differences(void **state)
{
    (void)state;
    close_seed(70);
    struct linear l;
    struct layer_fixture f;
    layer_fixture_create(&f, build, NULL, &l, BATCH);
    const int index[SOME] = {1, 3, 4, 5, 7, 8};
    const struct samples some = {index, SOME};
    float *x = close_normal(BATCH * IN), *dy = close_normal(BATCH * OUT);
    float *y = close_filled(BATCH * OUT, 7), *dx = close_filled(BATCH * IN, 7);
    linear_forward(&l, y, x, some);
    linear_backward(&l, dx, dy, x, some);

    struct twin t = {close_doubles(SOME * IN), close_to_double(l.weight->data, IN * OUT),
                     close_to_double(l.bias->data, OUT), close_doubles(SOME * OUT), SOME};
    double slope[IN * OUT]; /* more than there are inputs, too */
    for (int i = 0; i < SOME; i++) {
        for (int c = 0; c < IN; c++)
            t.x[i * IN + c] = x[index[i] * IN + c];
        for (int o = 0; o < OUT; o++)
            t.dy[i * OUT + o] = dy[index[i] * OUT + o];
        double want[OUT];
        reference_linear(want, t.x + i * IN, t.weight, t.bias, IN, OUT);
        assert_close(y + index[i] * OUT, want, OUT, 1e-7); /* double sums, rounded once */
    }
    reference_slopes(slope, twin_sum, &t, t.x, SOME * IN);
    for (int i = 0; i < SOME; i++)
        assert_close(dx + index[i] * IN, slope + i * IN, IN, 1e-7);
    reference_slopes(slope, twin_sum, &t, t.weight, IN * OUT);
    assert_close(l.weight->grad, slope, IN * OUT, 1e-7);
    reference_slopes(slope, twin_sum, &t, t.bias, OUT);
    assert_close(l.bias->grad, slope, OUT, 1e-7);
    for (int i = 0; i < OUT; i++)
        assert_true(y[i] == 7 && y[2 * OUT + i] == 7);
    for (int i = 0; i < IN; i++)
        assert_true(dx[i] == 7 && dx[2 * IN + i] == 7);
    assert_true(l.weight->head && l.bias->head);
    free(x);
    free(y);
    free(dx);
    free(dy);
    free(t.x);
    free(t.weight);
    free(t.bias);
    free(t.dy);
    layer_fixture_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_gradients_are_those_of_the_twin_and_its_finite_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
