#include "nn/adam.h"

#include "base/parallel.h"

#include "failing_alloc.h"
#include "math/close.h"

#include <string.h>

enum { N = 34000, STEPS = 100 }; /* two pieces of the sweep */
static float data[N], grad[N];
static double want[N], m[N], v[N];
static struct param_list params = {.data = data, .grad = grad, .n_trained = N};

/* The update by its formula, in double. */
static void twin_step(int t, double rate, double decay)
{
    for (int i = 0; i < N; i++) {
        double g = grad[i] + decay * want[i];
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        want[i] -= rate * (m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8);
    }
}

static void compare(double decay)
{
    struct adam adam;
    struct error err;
    close_seed(100);
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
    assert_int_equal(adam_create(&adam, &params, 0.9, 0.999, 1e-8, decay, &err), STATUS_OK);
    for (int i = 0; i < N; i++)
        want[i] = data[i] = (float)rng_normal(&close_rng);
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < N; i++)
            grad[i] = (float)((i % 3 + 0.1) * (rng_uniform(&close_rng) - 0.3));
        double rate = 0.01 / t; /* a schedule may change it at every step */
        adam_step(&adam, &params, rate);
        twin_step(t, rate, decay);
    }
    assert_int_equal(adam.step, STEPS);
    /* A hundred roundings of numbers up to 4: 100 * 6e-8 at the very worst */
    assert_close(data, want, N, 2e-6);
    assert_close(adam.m, m, N, 1e-6);
    assert_close(adam.v, v, N, 5e-6);
    adam_destroy(&adam);
    adam_destroy(&adam); /* of a zeroed one is nothing */
}

static void a_hundred_steps_are_those_of_double_precision(void **state)
{
    (void)state;
    compare(0);
}

static void weight_decay_is_added_to_the_gradient(void **state)
{
    (void)state;
    compare(0.1);
}

static void the_first_step_is_the_learning_rate_against_the_gradients_sign(void **state)
{
    (void)state;
    struct adam adam;
    struct error err;
    assert_int_equal(adam_create(&adam, &params, 0.9, 0.999, 1e-8, 0, &err), STATUS_OK);
    for (int i = 0; i < N; i++) {
        data[i] = 0;
        grad[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 1e-3f : -100.0f;
    }
    adam_step(&adam, &params, 0.5);
    for (int i = 0; i < N; i++)
        assert_true(fabs(data[i] - (i % 3 == 0 ? 0 : i % 3 == 1 ? -0.5 : 0.5)) < 1e-5);
    adam_destroy(&adam);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct adam adam;
        struct error err;
        failing_alloc_after(n);
        enum status status = adam_create(&adam, &params, 0.9, 0.999, 1e-8, 0, &err);
        long used = failing_alloc_count();
        failing_alloc_off();
        if (used < n) {
            assert_int_equal(status, STATUS_OK);
            adam_destroy(&adam);
            break;
        }
        assert_int_equal(status, STATUS_FAILED);
        assert_non_null(strstr(err.message, "out of memory"));
    }
}

int main(void)
{
    struct error err;
    if (parallel_start(2, &err) != STATUS_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_steps_are_those_of_double_precision),
        cmocka_unit_test(weight_decay_is_added_to_the_gradient),
        cmocka_unit_test(the_first_step_is_the_learning_rate_against_the_gradients_sign),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    parallel_stop();
    return failed;
}
