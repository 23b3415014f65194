/* nn/clip beside torch.nn.utils.clip_grad_norm_ (scripts/make_optimiser_golden.py). */
#include "nn/clip.h"

#include "base/parallel.h"
#include "io/safetensors.h"
#include "nn/optimiser.h"

#include "failing_alloc.h"
#include "math/close.h"

#include <stdio.h>
#include <string.h>

enum { WEIGHTS = 40, STEPS = 20, SHOWN = 3 };

static void take(void *out, const struct safetensors *file, const char *name, size_t n)
{
    const struct safetensors_entry *e = safetensors_find(file, name);
    assert_non_null(e);
    assert_int_equal(e->n_bytes, n);
    memcpy(out, e->data, n);
}

static void norms_and_clipped_steps_are_those_of_pytorch(void **state)
{
    (void)state;
    static const int shown[SHOWN] = {1, 10, 20};
    struct safetensors file;
    struct error err;
    struct clip clip;
    struct optimiser opt;
    float data[WEIGHTS], grad[WEIGHTS], gradient[STEPS][WEIGHTS];
    double rate[STEPS], norm[STEPS], want[SHOWN][WEIGHTS], distance[SHOWN];
    struct param_list list = {.data = data, .grad = grad, .n_trained = WEIGHTS};
    const struct optimiser_options options = {.kind = OPTIMISER_SGD, .momentum = 0.5};
    int n_clipped = 0;

    assert_int_equal(safetensors_read(&file, "tests/golden/nn/optimiser.safetensors", &err),
                     STATUS_OK);
    take(data, &file, "start", sizeof data);
    take(gradient, &file, "gradient", sizeof gradient);
    take(rate, &file, "rate", sizeof rate);
    take(norm, &file, "norm/clipped", sizeof norm);
    take(want, &file, "after/clipped", sizeof want);
    take(distance, &file, "distance/clipped", sizeof distance);
    safetensors_free(&file);
    assert_int_equal(clip_create(&clip, &list, &err), STATUS_OK);
    assert_int_equal(optimiser_create(&opt, &list, &options, &err), STATUS_OK);
    for (int step = 0, next = 0; step < STEPS; step++) {
        memcpy(grad, gradient[step], sizeof grad);
        double length = clip_norm(&clip, &list);
        assert_true(fabs(length / norm[step] - 1) < 1e-14); /* both in double */
        clip_apply(&list, length, 3.0);
        n_clipped += memcmp(grad, gradient[step], sizeof grad) != 0;
        optimiser_step(&opt, &list, rate[step]);
        if (step + 1 != shown[next])
            continue;
        assert_close(data, want[next], WEIGHTS, 2 * distance[next] + 6e-8); /* as test_optimiser */
        next++;
    }
    assert_int_equal(n_clipped, 15); /* the others keep every bit */
    clip_destroy(&clip);
    clip_destroy(&clip); /* of a zeroed one is nothing */
    optimiser_destroy(&opt);
}

enum { LONG = 100000 }; /* several pieces, the last one short */

static void the_norm_has_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    struct error err;
    struct clip clip;
    close_seed(120);
    float *grad = close_normal(LONG);
    double *exact = close_to_double(grad, LONG), sum = 0, norm[3];
    struct param_list list = {.grad = grad, .n_trained = LONG};
    assert_int_equal(clip_create(&clip, &list, &err), STATUS_OK);
    for (int threads = 1; threads <= 3; threads++) {
        assert_int_equal(parallel_start(threads, &err), STATUS_OK);
        norm[threads - 1] = clip_norm(&clip, &list);
    }
    parallel_stop();
    for (int i = 0; i < LONG; i++)
        sum += exact[i] * exact[i];
    assert_true(fabs(norm[0] / sqrt(sum) - 1) < 1e-13);
    assert_true(norm[1] == norm[0] && norm[2] == norm[0]);
    clip_apply(&list, norm[0], 1);
    assert_true(fabs(clip_norm(&clip, &list) - 1) < 1e-6); /* every piece was scaled */
    grad[LONG - 1] = INFINITY;
    assert_false(isfinite(clip_norm(&clip, &list)));
    clip_destroy(&clip);
    free(grad);
    free(exact);
}

/* PyTorch's 1e-6 beside the norm: it halves a bound and a norm of that size, and a norm just above
 * the bound is scaled by what is left of it. */
static void a_millionth_is_added_to_the_norm(void **state)
{
    (void)state;
    float grad[] = {6e-7f, 8e-7f}, untouched[] = {6e-7f, 8e-7f};
    struct param_list list = {.grad = grad, .n_trained = 2};
    clip_apply(&list, 1e-6, 1e-6);
    const double want[] = {3e-7, 4e-7};
    assert_close(grad, want, 2, 2e-7);

    memcpy(grad, untouched, sizeof grad);
    clip_apply(&list, 1e-6, 1.9e-6); /* less than norm + 1e-6, though more than the norm */
    const double near[] = {0.95 * 6e-7, 0.95 * 8e-7};
    assert_close(grad, near, 2, 2e-7);

    memcpy(grad, untouched, sizeof grad);
    clip_apply(&list, 1e-6, 2.1e-6);
    assert_memory_equal(grad, untouched, sizeof grad);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct param_list list = {.n_trained = LONG};
    struct clip clip;
    struct error err;
    FAILING_ALLOC_EACH(clip_create(&clip, &list, &err), &err)
        assert_null(clip.sum);
    assert_int_equal(failing_alloc_count(), 1);
    clip_destroy(&clip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_and_clipped_steps_are_those_of_pytorch),
        cmocka_unit_test(the_norm_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(a_millionth_is_added_to_the_norm),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
