#include "nn/ema.h"

#include "base/parallel.h"

#include "failing_alloc.h"
#include "math/close.h"

#include <string.h>

enum { N = 70000, BUFFER = 5 }; /* three pieces of the sweep */
static float data[N], running[2][BUFFER];
static struct param item[] = {
    {.kind = PARAM_CONV, .size = N, .data = data},
    {.kind = PARAM_BUFFER, .size = BUFFER, .data = running[0]},
    {.kind = PARAM_COUNTER, .counter = 7},
    {.kind = PARAM_BUFFER, .size = BUFFER, .data = running[1]},
};
static struct param_list params = {.item = item, .n = 4, .data = data, .n_trained = N};

static void fill(float value)
{
    for (int i = 0; i < N; i++)
        data[i] = value;
    for (int i = 0; i < BUFFER; i++) {
        running[0][i] = 2 * value;
        running[1][i] = 3 * value;
    }
}

static void the_average_follows_its_formula_soon_forgetting_the_start(void **state)
{
    (void)state;
    struct ema ema;
    struct error err;
    double want = 100;
    fill(100); /* what nothing has trained */
    assert_int_equal(ema_create(&ema, &params, 0.5, &err), STATUS_OK);
    assert_true(ema.weight[N - 1] == 100 && ema.buffer[2 * BUFFER - 1] == 300);
    for (int t = 0; t < 30; t++) {
        float value = (float)(t % 4);
        double d = (1.0 + t) / (10 + t) < 0.5 ? (1.0 + t) / (10 + t) : 0.5; /* 0.5 from t = 8 on */
        fill(value);
        ema_update(&ema, &params, t);
        want = d * want + (1 - d) * value;
        assert_true(t > 0 || fabs(want - 10) < 1e-12); /* a tenth of the start is left */
        for (int i = 0; i < N; i += N - 1)
            assert_true(fabs(ema.weight[i] - want) < 1e-5);
        assert_true(fabs(ema.buffer[0] - 2 * want) < 2e-5);
        assert_true(fabs(ema.buffer[2 * BUFFER - 1] - 3 * want) < 3e-5);
    }
    ema_destroy(&ema);
    ema_destroy(&ema); /* of a zeroed one is nothing */
}

static void exchanged_twice_is_nothing(void **state)
{
    (void)state;
    struct ema ema;
    struct error err;
    close_seed(121);
    fill(1);
    assert_int_equal(ema_create(&ema, &params, 0.9, &err), STATUS_OK);
    float *last = close_normal(N);
    memcpy(data, last, N * sizeof *last);
    running[1][4] = -5;
    ema_swap(&ema, &params);
    assert_true(data[0] == 1 && data[N - 1] == 1 && running[1][4] == 3 && ema.weight[1] == last[1]);
    assert_int_equal(item[2].counter, 7);
    ema_swap(&ema, &params);
    assert_memory_equal(data, last, N * sizeof *last);
    assert_true(running[1][4] == -5 && ema.weight[N - 1] == 1);
    ema_destroy(&ema);
    free(last);
}

static void the_average_has_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    struct ema ema[3];
    struct error err;
    for (int threads = 1; threads <= 3; threads++) {
        struct ema *e = &ema[threads - 1];
        assert_int_equal(parallel_start(threads, &err), STATUS_OK);
        close_seed(122);
        fill(0);
        assert_int_equal(ema_create(e, &params, 0.99, &err), STATUS_OK);
        for (int t = 0; t < 3; t++) {
            for (int i = 0; i < N; i++)
                data[i] = (float)rng_uniform(&close_rng);
            ema_update(e, &params, t);
        }
        assert_memory_equal(e->weight, ema[0].weight, N * sizeof(float));
    }
    parallel_stop();
    for (int i = 0; i < 3; i++)
        ema_destroy(&ema[i]);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct ema ema;
    struct error err;
    FAILING_ALLOC_EACH(ema_create(&ema, &params, 0.9, &err), &err)
        assert_true(!ema.weight && !ema.buffer);
    assert_int_equal(failing_alloc_count(), 2);
    ema_destroy(&ema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_follows_its_formula_soon_forgetting_the_start),
        cmocka_unit_test(exchanged_twice_is_nothing),
        cmocka_unit_test(the_average_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
