#include "nn/gradient_sum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A backward pass that writes. */
static void backward(struct gradient_sum *s, struct param_list *params, float first, float second)
{
    gradient_sum_keep(s, params);
    params->grad[0] = first;
    params->grad[1] = second;
    gradient_sum_add(s, params);
}

static void parts_are_added_and_a_new_step_begins_anew(void **state)
{
    (void)state;
    float gradient[2] = {99, 99}; /* of the step before */
    struct param_list params = {.grad = gradient, .n_trained = 2};
    struct gradient_sum s;
    struct error err;
    assert_int_equal(gradient_sum_create(&s, &params, &err), STATUS_OK);
    for (int step = 0; step < 2; step++) {
        gradient_sum_begin(&s);
        backward(&s, &params, 1, -2);
        assert_true(gradient[0] == 1 && gradient[1] == -2);
        backward(&s, &params, 10, 20);
        backward(&s, &params, 100, 200);
        assert_true(gradient[0] == 111 && gradient[1] == 218);
        assert_int_equal(s.n_parts, 3);
    }
    gradient_sum_destroy(&s);
}

static void a_step_of_one_part_needs_no_memory(void **state)
{
    (void)state;
    float gradient[2] = {99, 99};
    struct param_list params = {.grad = gradient, .n_trained = 2};
    struct gradient_sum s = {0};
    for (int step = 0; step < 2; step++) {
        gradient_sum_begin(&s);
        backward(&s, &params, 1, -2);
        assert_true(gradient[0] == 1 && gradient[1] == -2);
    }
    gradient_sum_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_added_and_a_new_step_begins_anew),
        cmocka_unit_test(a_step_of_one_part_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
