/* Sweeps over parameters at every processor level beside their double-precision twins. */
#include "math/levels.h"

static void check_adam(const struct kernels *k)
{
    for (int round = 0; round < 10; round++) {
        size_t n = (size_t)close_pick(1, 300);
        const struct kernels_adam constants = {.beta2 = 0.999f,
                                               .one_minus_beta1 = 0.1f,
                                               .one_minus_beta2 = 0.001f,
                                               .weight_decay = round % 2 ? 0.01f : 0,
                                               .step_size = 0.01f,
                                               .sqrt_bias2 = 0.5f,
                                               .epsilon = 1e-8f};
        float *p = close_normal(n), *m = close_normal(n), *v = close_normal(n);
        float *grad = close_normal(n);
        double *want_p = close_doubles(n), *want_m = close_doubles(n), *want_v = close_doubles(n);
        for (size_t i = 0; i < n; i++) {
            v[i] = fabsf(v[i]);
            double g = grad[i] + (double)constants.weight_decay * p[i];
            want_m[i] = m[i] + (double)constants.one_minus_beta1 * (g - m[i]);
            want_v[i] = (double)constants.beta2 * v[i] + (double)constants.one_minus_beta2 * g * g;
            want_p[i] = p[i] - (double)constants.step_size * want_m[i] /
                                   (sqrt(want_v[i]) / constants.sqrt_bias2 + constants.epsilon);
        }
        k->adam(p, m, v, grad, n, &constants);
        assert_close(m, want_m, n, 2e-7);
        assert_close(v, want_v, n, 2e-7);
        assert_close(p, want_p, n, 5e-7); /* a quotient of rounded numbers */
        free(p);
        free(m);
        free(v);
        free(grad);
        free(want_p);
        free(want_m);
        free(want_v);
    }
}

static void adam_moves_moments_and_parameters(void **state)
{
    (void)state;
    levels_each(check_adam, 30);
}

static void check_adamw(const struct kernels *k)
{
    for (int round = 0; round < 10; round++) {
        size_t n = (size_t)close_pick(1, 300);
        const struct kernels_adam constants = {.beta2 = 0.999f,
                                               .one_minus_beta1 = 0.1f,
                                               .one_minus_beta2 = 0.001f,
                                               .shrink = 0.75f,
                                               .step_size = 0.01f,
                                               .sqrt_bias2 = 0.5f,
                                               .epsilon = 1e-8f};
        float *p = close_normal(n), *m = close_normal(n), *v = close_normal(n);
        float *grad = close_normal(n);
        double *want_p = close_doubles(n), *want_m = close_doubles(n), *want_v = close_doubles(n);
        for (size_t i = 0; i < n; i++) {
            v[i] = fabsf(v[i]);
            double g = grad[i];
            want_m[i] = m[i] + (double)constants.one_minus_beta1 * (g - m[i]);
            want_v[i] = (double)constants.beta2 * v[i] + (double)constants.one_minus_beta2 * g * g;
            want_p[i] =
                0.75 * p[i] - (double)constants.step_size * want_m[i] /
                                  (sqrt(want_v[i]) / constants.sqrt_bias2 + constants.epsilon);
        }
        k->adamw(p, m, v, grad, n, &constants);
        assert_close(m, want_m, n, 2e-7);
        assert_close(v, want_v, n, 2e-7);
        assert_close(p, want_p, n, 5e-7); /* a quotient of rounded numbers */
        free(p);
        free(m);
        free(v);
        free(grad);
        free(want_p);
        free(want_m);
        free(want_v);
    }
}

static void adamw_shrinks_the_weights_beside_adams_step(void **state)
{
    (void)state;
    levels_each(check_adamw, 33);
}

static void check_sgd(const struct kernels *k)
{
    for (int round = 0; round < 12; round++) {
        size_t n = (size_t)close_pick(1, 300);
        bool momentum = round % 3 > 0;
        const struct kernels_sgd c = {.learning_rate = 0.125f,
                                      .momentum = momentum ? 0.75f : 0,
                                      .weight_decay = round % 2 ? 0.25f : 0,
                                      .nesterov = round % 3 == 2};
        float *p = close_normal(n), *m = close_normal(n), *grad = close_normal(n);
        double *want_p = close_doubles(n), *want_m = close_to_double(m, n);
        for (size_t i = 0; i < n; i++) {
            double g = grad[i] + (double)c.weight_decay * p[i];
            if (momentum)
                want_m[i] = 0.75 * want_m[i] + g;
            double step = !momentum ? g : c.nesterov ? g + 0.75 * want_m[i] : want_m[i];
            want_p[i] = p[i] - 0.125 * step;
        }
        k->sgd(p, momentum ? m : NULL, grad, n, &c);
        assert_close(p, want_p, n, 2e-7);
        assert_close(m, want_m, n, 2e-7);
        free(p);
        free(m);
        free(grad);
        free(want_p);
        free(want_m);
    }
}

static void sgd_moves_momentum_and_parameters(void **state)
{
    (void)state;
    levels_each(check_sgd, 34);
}

static double squares[3][20]; /* of each level that ran, to compare their bits */
static int n_levels;

static void check_sum_squares(const struct kernels *k)
{
    for (int round = 0; round < 20; round++) {
        size_t n = (size_t)close_pick(0, 300);
        float *x = close_normal(n);
        double want = 0;
        for (size_t i = 0; i < n; i++)
            want += (double)x[i] * x[i];
        squares[n_levels][round] = k->sum_squares(x, n);
        assert_true(fabs(squares[n_levels][round] - want) <= 1e-14 * want);
        free(x);
    }
    n_levels++;
    float x[40] = {[17] = 1e30f, [39] = -1e30f}; /* far beyond what float32 squares hold */
    assert_true(fabs(k->sum_squares(x, 40) / 2e60 - 1) < 1e-6);
    x[33] = NAN;
    assert_true(isnan(k->sum_squares(x, 40)));
    assert_true(k->sum_squares(x, 33) > 0); /* and not read beyond */
}

static void squares_are_summed_to_the_same_bits_at_every_level(void **state)
{
    (void)state;
    levels_each(check_sum_squares, 35);
    for (int i = 1; i < n_levels; i++)
        assert_memory_equal(squares[i], squares[0], sizeof squares[0]);
}

static void check_scale_and_blend(const struct kernels *k)
{
    size_t n = (size_t)close_pick(1, 300);
    float *x = close_normal(n), *average = close_normal(n);
    double *want_x = close_to_double(x, n), *want = close_to_double(average, n);
    for (size_t i = 0; i < n; i++) {
        want[i] += 0.125 * (want_x[i] - want[i]);
        want_x[i] *= 0.3f;
    }
    k->blend(average, x, n, 0.125f);
    k->scale(x, n, 0.3f);
    assert_close(average, want, n, 1e-7);
    assert_close(x, want_x, n, 1e-7);
    free(x);
    free(average);
    free(want_x);
    free(want);
}

static void arrays_are_scaled_and_blended(void **state)
{
    (void)state;
    levels_each(check_scale_and_blend, 36);
}

static void check_resting(const struct kernels *k)
{
    const struct kernels_adam constants = {.beta2 = 0.999f,
                                           .one_minus_beta1 = 0.1f,
                                           .one_minus_beta2 = 0.001f,
                                           .step_size = 0.01f,
                                           .sqrt_bias2 = 0.03f,
                                           .epsilon = 1e-8f};
    float p[3] = {1, -2, 0}, m[3] = {0}, v[3] = {0}, grad[3] = {0};
    k->adam(p, m, v, grad, 3, &constants);
    assert_true(p[0] == 1 && p[1] == -2 && p[2] == 0); /* 0 / (0 + epsilon), not 0 / 0 */
    grad[1] = NAN;
    k->adam(p, m, v, grad, 3, &constants);
    assert_true(p[0] == 1 && isnan(p[1]) && p[2] == 0);
}

static void adam_rests_without_gradient_and_keeps_a_nan_to_itself(void **state)
{
    (void)state;
    levels_each(check_resting, 31);
}

static void check_sum_parts(const struct kernels *k)
{
    for (int n_parts = 1; n_parts <= 9; n_parts++) {
        size_t n = (size_t)close_pick(1, 70), stride = n + (size_t)close_pick(0, 5);
        float *part = close_normal(stride * n_parts), *out = close_filled(n, NAN);
        k->sum_parts(out, part, n, n_parts, stride);
        for (size_t i = 0; i < n; i++) {
            float want = part[i];
            for (int j = 1; j < n_parts; j++)
                want += part[j * stride + i];
            assert_true(out[i] == want); /* the order is promised, so are the bits */
        }
        free(part);
        free(out);
    }
}

static void parts_are_summed_in_ascending_order(void **state)
{
    (void)state;
    levels_each(check_sum_parts, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_moves_moments_and_parameters),
        cmocka_unit_test(adam_rests_without_gradient_and_keeps_a_nan_to_itself),
        cmocka_unit_test(adamw_shrinks_the_weights_beside_adams_step),
        cmocka_unit_test(sgd_moves_momentum_and_parameters),
        cmocka_unit_test(squares_are_summed_to_the_same_bits_at_every_level),
        cmocka_unit_test(arrays_are_scaled_and_blended),
        cmocka_unit_test(parts_are_summed_in_ascending_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
