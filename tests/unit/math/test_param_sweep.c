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
        cmocka_unit_test(parts_are_summed_in_ascending_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
