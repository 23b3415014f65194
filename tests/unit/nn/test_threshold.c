#include "nn/threshold.h"

#include "nn/atk.h"

#include "math/close.h"

#include <string.h>

enum { MAX_N = 400 };
static float loss[MAX_N], weight[MAX_N];
static int selected[MAX_N], scratch[MAX_N];

static void what_exceeds_lambda_counts_with_n_over_k_times_the_batch(void **state)
{
    (void)state;
    memcpy(loss, (const float[]){3, 1, 0, 2, 1}, 5 * sizeof *loss);
    /* k/n = 0.4 of a data set; a mini-batch of 5: 1 / (0.4 x 5) each */
    assert_int_equal(threshold_select(weight, selected, loss, 5, 0.4, 1), 2);
    assert_true(selected[0] == 0 && selected[1] == 3);
    const float want[] = {0.5F, 0, 0, 0.5F, 0};
    assert_memory_equal(weight, want, sizeof want);
    assert_true(threshold_value(loss, 5, 0.4, 1) == 1 + (2 + 1) / 2.0);
    assert_int_equal(threshold_select(weight, selected, loss, 5, 0.4, 3), 0);
    assert_true(threshold_value(loss, 5, 0.4, 3) == 3);
}

static void lambda_starts_at_the_largest_loss_that_is_left_out(void **state)
{
    (void)state;
    memcpy(loss, (const float[]){3, 1, 0, 2, 1}, 5 * sizeof *loss);
    assert_true(threshold_start(loss, 5, 0.4, scratch) == 1);
    assert_true(threshold_start(loss, 5, 0.01, scratch) == 2);
    assert_true(threshold_start(loss, 5, 0.8, scratch) == 0);
    assert_true(threshold_start(loss, 5, 1, scratch) == 0);
    assert_true(threshold_start(loss, 1, 0.3, scratch) == 0);
}

static void a_step_leads_towards_the_share_and_never_below_zero(void **state)
{
    (void)state;
    assert_true(threshold_step(1, 0.5, 0.25, 0.75) == 1.25);
    assert_true(threshold_step(1, 0.5, 0.75, 0.25) == 0.75);
    assert_true(threshold_step(0.1, 0.5, 1, 0.5) == 0);
    assert_true(threshold_step(0, 0.5, 1, 1) == 0); /* k = n stays at the plain mean */
    double rate = threshold_rate(2, 5, 0.25, 0.75);
    assert_true(fabs(threshold_step(2, rate, 0.25, 0.75) - 2 * exp(0.25)) < 1e-12);
    rate = threshold_rate(2, 5, 0.75, 0.25);
    assert_true(fabs(threshold_step(2, rate, 0.75, 0.25) - 2 * exp(-0.25)) < 1e-12);
    assert_true(threshold_rate(2, 5, 0.5, 0.5) == 1);
    assert_true(threshold_rate(0, 4, 0.5, 0.5) == 2e-6);
}

static double atk(int n, int k)
{
    atk_select(weight, selected, loss, n, k, scratch);
    return atk_mean(loss, selected, k);
}

/* L = min over lambda. The sum is piecewise linear in lambda with its corners at the losses, so
 * these and 0 are all the places where a minimum can be. */
static void the_least_value_over_lambda_is_average_top_k(void **state)
{
    (void)state;
    close_seed(98);
    for (int round = 0; round < 200; round++) {
        int n = close_pick(1, MAX_N), k = close_pick(1, n);
        for (int i = 0; i < n; i++)
            loss[i] = round % 3 ? (float)exp(2 * rng_normal(&close_rng)) : (float)close_pick(0, 3);
        double share = (double)k / n, want = atk(n, k), least = threshold_value(loss, n, share, 0);
        float kth = INFINITY;
        for (int i = 0; i < k; i++)
            kth = fminf(kth, loss[selected[i]]);
        for (int i = 0; i < n; i++)
            least = fmin(least, threshold_value(loss, n, share, loss[i]));
        assert_true(fabs(least - want) <= 1e-6 * fmax(1, want));
        assert_true(fabs(threshold_value(loss, n, share, kth) - want) <= 1e-6 * fmax(1, want));
        for (int i = 0; i < 20; i++)
            assert_true(threshold_value(loss, n, share, 3 * rng_uniform(&close_rng)) >=
                        want - 1e-6 * fmax(1, want));
    }
}

static void the_slopes_in_lambda_and_in_a_loss_are_those_of_the_value(void **state)
{
    (void)state;
    enum { N = 40 };
    const double share = 0.3, lambda = 0.9, step = 1e-3;
    close_seed(99);
    for (int i = 0; i < N; i++)
        loss[i] = (float)exp(rng_normal(&close_rng));
    int n_selected = threshold_select(weight, selected, loss, N, share, lambda);
    double slope = (threshold_value(loss, N, share, lambda + 1e-9) -
                    threshold_value(loss, N, share, lambda - 1e-9)) /
                   2e-9;
    assert_true(fabs(slope - (share - (double)n_selected / N) / share) < 1e-5);
    for (int i = 0; i < N; i++) {
        float kept = loss[i];
        double before = threshold_value(loss, N, share, lambda);
        loss[i] = (float)(kept + step);
        double after = threshold_value(loss, N, share, lambda), moved = loss[i] - (double)kept;
        loss[i] = kept;
        assert_true(fabs((after - before) / moved - weight[i]) < 1e-6);
    }
}

/* Losses over six orders of magnitude that shrink meanwhile, in mini-batches of 8. */
static void the_share_that_counts_settles_while_the_losses_shrink(void **state)
{
    (void)state;
    enum { BATCH = 8, STEPS = 300, EPOCHS = 6 };
    static const double shares[] = {0.1, 0.5, 0.7, 0.95};
    close_seed(100);
    for (size_t c = 0; c < sizeof shares / sizeof shares[0]; c++) {
        double lambda = NAN, share = shares[c];
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            int counted = 0;
            for (int step = 0; step < STEPS; step++) {
                double scale = exp(-1.0 * (epoch + (double)step / STEPS)), mean = 0;
                for (int i = 0; i < BATCH; i++) {
                    loss[i] = (float)(scale * exp(2 * rng_normal(&close_rng)));
                    mean += loss[i] / BATCH;
                }
                if (isnan(lambda))
                    lambda = threshold_start(loss, BATCH, share, scratch);
                int n = threshold_select(weight, selected, loss, BATCH, share, lambda);
                counted += n;
                double part = (double)n / BATCH, rate = threshold_rate(lambda, mean, share, part);
                lambda = threshold_step(lambda, rate, share, part);
            }
            /* ln lambda falls by 1 in an epoch, give or take its noise */
            assert_true(fabs((double)counted / (STEPS * BATCH) - share) < 0.02);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_exceeds_lambda_counts_with_n_over_k_times_the_batch),
        cmocka_unit_test(lambda_starts_at_the_largest_loss_that_is_left_out),
        cmocka_unit_test(a_step_leads_towards_the_share_and_never_below_zero),
        cmocka_unit_test(the_least_value_over_lambda_is_average_top_k),
        cmocka_unit_test(the_slopes_in_lambda_and_in_a_loss_are_those_of_the_value),
        cmocka_unit_test(the_share_that_counts_settles_while_the_losses_shrink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
