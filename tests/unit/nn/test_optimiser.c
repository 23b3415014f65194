/* nn/optimiser beside PyTorch over 20 steps (scripts/make_optimiser_golden.py), beside Adam's
 * formula in double over many more weights, and by hand. */
#include "nn/optimiser.h"

#include "base/parallel.h"
#include "io/safetensors.h"

#include "failing_alloc.h"
#include "math/close.h"

#include <stdio.h>
#include <string.h>

/* ---- beside PyTorch ---- */

enum { WEIGHTS = 40, GOLDEN_STEPS = 20, SHOWN = 3 };
static const int SIZE[] = {16, 8, 12, 4}; /* matrix, bias, matrix, bias */

struct golden {
    struct safetensors file;
    float start[WEIGHTS], gradient[GOLDEN_STEPS][WEIGHTS];
    double rate[GOLDEN_STEPS];
};

static void take(void *out, const struct golden *g, const char *prefix, const char *name, size_t n)
{
    char key[64];
    snprintf(key, sizeof key, "%s%s", prefix, name);
    const struct safetensors_entry *e = safetensors_find(&g->file, key);
    assert_non_null(e);
    assert_int_equal(e->n_bytes, n);
    memcpy(out, e->data, n);
}

static void open_golden(struct golden *g)
{
    struct error err;
    assert_int_equal(safetensors_read(&g->file, "tests/golden/nn/optimiser.safetensors", &err),
                     STATUS_OK);
    take(g->start, g, "start", "", sizeof g->start);
    take(g->gradient, g, "gradient", "", sizeof g->gradient);
    take(g->rate, g, "rate", "", sizeof g->rate);
}

/* Four parameters behind each other in the two arrays. */
static struct param_list lay_out(struct param item[4], float *data, float *grad)
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        item[i] = (struct param){.kind = i % 2 ? PARAM_VECTOR : PARAM_LINEAR,
                                 .size = (size_t)SIZE[i],
                                 .data = data + at,
                                 .grad = grad + at};
        at += (size_t)SIZE[i];
    }
    return (struct param_list){.item = item, .n = 4, .data = data, .grad = grad, .n_trained = at};
}

static void assert_is_pytorchs(const char *name, const struct optimiser_options *options)
{
    static const int shown[SHOWN] = {1, 10, 20};
    struct golden g;
    struct optimiser opt;
    struct error err;
    struct param item[4];
    float data[WEIGHTS], grad[WEIGHTS];
    double want[SHOWN][WEIGHTS], distance[SHOWN];
    open_golden(&g);
    take(want, &g, "after/", name, sizeof want);
    take(distance, &g, "distance/", name, sizeof distance);
    struct param_list list = lay_out(item, data, grad);
    memcpy(data, g.start, sizeof data);
    assert_int_equal(optimiser_create(&opt, &list, options, &err), STATUS_OK);
    for (int step = 0, next = 0; step < GOLDEN_STEPS; step++) {
        memcpy(grad, g.gradient[step], sizeof grad);
        optimiser_step(&opt, &list, g.rate[step]);
        if (step + 1 != shown[next])
            continue;
        /* No further from a float64 run than twice PyTorch's float32, and a last place (6e-8) for
         * weights that it hit by luck. */
        assert_close(data, want[next], WEIGHTS, 2 * distance[next] + 6e-8);
        next++;
    }
    optimiser_destroy(&opt);
    safetensors_free(&g.file);
}

#define ADAM .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8

static void adam_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct optimiser_options plain = {.kind = OPTIMISER_ADAM, .body_factor = 1, ADAM};
    const struct optimiser_options decay = {
        .kind = OPTIMISER_ADAM, .body_factor = 1, ADAM, .weight_decay = 0.1};
    assert_is_pytorchs("adam", &plain);
    assert_is_pytorchs("adam-decay", &decay);
}

static void adamw_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct optimiser_options options = {.kind = OPTIMISER_ADAMW,
                                              .body_factor = 1,
                                              .beta1 = 0.8,
                                              .beta2 = 0.99,
                                              .epsilon = 1e-3,
                                              .weight_decay = 0.5};
    assert_is_pytorchs("adamw", &options);
}

static void decay_of_weights_alone_is_that_of_two_groups_in_pytorch(void **state)
{
    (void)state;
    const struct optimiser_options adamw = {.kind = OPTIMISER_ADAMW,
                                            .body_factor = 1,
                                            ADAM,
                                            .weight_decay = 0.5,
                                            .keep_norm_bias = true};
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD,
                                          .body_factor = 1,
                                          .momentum = 0.9,
                                          .weight_decay = 0.1,
                                          .keep_norm_bias = true};
    assert_is_pytorchs("adamw-weights-only", &adamw);
    assert_is_pytorchs("sgd-momentum", &sgd);
}

static void sgd_is_that_of_pytorch(void **state)
{
    (void)state;
    const struct optimiser_options plain = {
        .kind = OPTIMISER_SGD, .body_factor = 1, .weight_decay = 0.1};
    const struct optimiser_options nesterov = {.kind = OPTIMISER_SGD,
                                               .body_factor = 1,
                                               .momentum = 0.9,
                                               .nesterov = true,
                                               .weight_decay = 0.1};
    assert_is_pytorchs("sgd", &plain);
    assert_is_pytorchs("sgd-nesterov", &nesterov);
}

/* ---- beside the formula ---- */

enum { N = 34000, STEPS = 100 }; /* two pieces of the sweep */
static float data[N], grad[N];
static double want[N], m[N], v[N];
static struct param_list params = {.data = data, .grad = grad, .n_trained = N};

/* Adam's update by its formula, in double. */
static void twin_step(int t, double rate, double decay)
{
    for (int i = 0; i < N; i++) {
        double g = grad[i] + decay * want[i];
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        want[i] -= rate * (m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8);
    }
}

static void a_hundred_steps_of_adam_are_those_of_double_precision(void **state)
{
    (void)state;
    const struct optimiser_options options = {
        .kind = OPTIMISER_ADAM, .body_factor = 1, ADAM, .weight_decay = 0.1};
    struct optimiser opt;
    struct error err;
    close_seed(100);
    assert_int_equal(optimiser_create(&opt, &params, &options, &err), STATUS_OK);
    for (int i = 0; i < N; i++)
        want[i] = data[i] = (float)rng_normal(&close_rng);
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < N; i++)
            grad[i] = (float)((i % 3 + 0.1) * (rng_uniform(&close_rng) - 0.3));
        double rate = 0.01 / t; /* a schedule may change it at every step */
        optimiser_step(&opt, &params, rate);
        twin_step(t, rate, 0.1);
    }
    assert_int_equal(opt.step, STEPS);
    /* A hundred roundings of numbers up to 4: 100 * 6e-8 at the very worst */
    assert_close(data, want, N, 2e-6);
    assert_close(opt.m, m, N, 1e-6);
    assert_close(opt.v, v, N, 5e-6);
    optimiser_destroy(&opt);
    optimiser_destroy(&opt); /* of a zeroed one is nothing */
}

/* ---- by hand ---- */

static void the_first_step_of_adam_is_the_learning_rate_against_the_gradients_sign(void **state)
{
    (void)state;
    static const enum optimiser_kind kind[] = {OPTIMISER_ADAM, OPTIMISER_ADAMW};
    for (int k = 0; k < 2; k++) {
        const struct optimiser_options options = {.kind = kind[k], .body_factor = 1, ADAM};
        struct optimiser opt;
        struct error err;
        assert_int_equal(optimiser_create(&opt, &params, &options, &err), STATUS_OK);
        for (int i = 0; i < N; i++) {
            data[i] = 0;
            grad[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 1e-3f : -100.0f;
        }
        optimiser_step(&opt, &params, 0.5);
        for (int i = 0; i < N; i++)
            assert_true(fabs(data[i] - (i % 3 == 0 ? 0 : i % 3 == 1 ? -0.5 : 0.5)) < 1e-5);
        optimiser_destroy(&opt);
    }
}

static void without_a_gradient_weights_decay_or_rest_up_to_the_last_one(void **state)
{
    (void)state;
    /* Long parameters, so that runs of both kinds are cut into pieces: a matrix, a bias. */
    enum { FIRST = 33000 };
    struct param item[2] = {
        {.kind = PARAM_CONV, .size = FIRST, .data = data, .grad = grad},
        {.kind = PARAM_VECTOR, .size = N - FIRST, .data = data + FIRST, .grad = grad + FIRST}};
    struct param_list list = {.item = item, .n = 2, .data = data, .grad = grad, .n_trained = N};
    const struct optimiser_options options = {.kind = OPTIMISER_ADAMW,
                                              .body_factor = 1,
                                              ADAM,
                                              .weight_decay = 0.5,
                                              .keep_norm_bias = true};
    struct optimiser opt;
    struct error err;
    assert_int_equal(optimiser_create(&opt, &list, &options, &err), STATUS_OK);
    for (int i = 0; i < N; i++) {
        data[i] = 4;
        grad[i] = 0;
    }
    optimiser_step(&opt, &list, 0.5); /* 4 * (1 - 0.25) */
    for (int i = 0; i < N; i++)
        assert_true(data[i] == (i < FIRST ? 3 : 4));
    optimiser_destroy(&opt);
}

static void a_moment_that_is_not_needed_is_not_there(void **state)
{
    (void)state;
    const struct optimiser_options plain = {.kind = OPTIMISER_SGD, .body_factor = 1},
                                   momentum = {.kind = OPTIMISER_SGD,
                                               .body_factor = 1,
                                               .momentum = 0.9},
                                   adam = {.kind = OPTIMISER_ADAM, .body_factor = 1, ADAM};
    struct optimiser opt;
    struct error err;
    assert_int_equal(optimiser_create(&opt, &params, &plain, &err), STATUS_OK);
    assert_true(!opt.m && !opt.v && optimiser_moments(&plain) == 0);
    optimiser_destroy(&opt);
    assert_int_equal(optimiser_create(&opt, &params, &momentum, &err), STATUS_OK);
    assert_true(opt.m && !opt.v && optimiser_moments(&momentum) == 1);
    optimiser_destroy(&opt);
    assert_int_equal(optimiser_moments(&adam), 2);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    const struct optimiser_options options = {.kind = OPTIMISER_ADAM, .body_factor = 1, ADAM};
    struct optimiser opt;
    struct error err;
    FAILING_ALLOC_EACH(optimiser_create(&opt, &params, &options, &err), &err)
        assert_true(!opt.m && !opt.v && !opt.piece);
    optimiser_destroy(&opt);
}

int main(void)
{
    struct error err;
    if (parallel_start(2, &err) != STATUS_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_is_that_of_pytorch),
        cmocka_unit_test(adamw_is_that_of_pytorch),
        cmocka_unit_test(decay_of_weights_alone_is_that_of_two_groups_in_pytorch),
        cmocka_unit_test(sgd_is_that_of_pytorch),
        cmocka_unit_test(a_hundred_steps_of_adam_are_those_of_double_precision),
        cmocka_unit_test(the_first_step_of_adam_is_the_learning_rate_against_the_gradients_sign),
        cmocka_unit_test(without_a_gradient_weights_decay_or_rest_up_to_the_last_one),
        cmocka_unit_test(a_moment_that_is_not_needed_is_not_there),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    parallel_stop();
    return failed;
}
