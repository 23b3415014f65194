/* run/train/find_lr: that its steps are the trainer's, and how it ends. */
#include "tiny_run.h"

#include "base/files.h"
#include "nn/schedule.h"
#include "run/train/find_lr.h"

#include <math.h>
#include <signal.h>

struct seen {
    struct tiny_run *run;
    struct trainer_batch last;
    int n, stop_at, poison_at; /* from 1; 0: never */
};

static void on_batch(void *context, const struct trainer_batch *b)
{
    struct seen *seen = context;
    seen->last = *b;
    seen->n++;
    if (seen->n == seen->stop_at)
        seen->run->stop = SIGINT;
    if (seen->n == seen->poison_at)
        param_find(model_params(seen->run->model), "fc.bias")->data[0] = NAN;
}

static void range_test(struct lr_curve *curve, struct seen *seen, bool *interrupted)
{
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    seen->run = &r;
    r.inputs.events = (struct trainer_events){.context = seen, .batch = on_batch};
    MUST(find_lr_run(curve, &r.inputs, interrupted, err));
    tiny_destroy(&r);
}

static void rates_grow_by_a_constant_factor_over_as_many_epochs_as_it_takes(void **state)
{
    (void)state;
    struct lr_curve curve;
    struct seen seen = {0};
    bool interrupted;
    range_test(&curve, &seen, &interrupted);
    assert_false(interrupted);
    assert_true(curve.n > 20 * TINY_BATCHES);
    assert_true(curve.n == LR_CURVE_STEPS || curve.diverged);
    assert_int_equal(seen.n, curve.n);
    assert_int_equal(seen.last.epoch, (curve.n - 1) / TINY_BATCHES + 1);
    assert_int_equal(seen.last.batch, (curve.n - 1) % TINY_BATCHES + 1);
    assert_true(curve.point[0].learning_rate == LR_CURVE_LOWEST);
    double factor = pow(LR_CURVE_HIGHEST / LR_CURVE_LOWEST, 1.0 / (LR_CURVE_STEPS - 1));
    for (int i = 1; i < curve.n; i++)
        assert_true(fabs(curve.point[i].learning_rate / curve.point[i - 1].learning_rate - factor) <
                    1e-9);
    assert_true(lr_curve_suggest(&curve).learning_rate > 1e-5); /* tints can be learned */
}

static void two_tests_give_the_same_curve(void **state)
{
    (void)state;
    static struct lr_curve a, b;
    struct seen seen_a = {0}, seen_b = {0};
    bool interrupted;
    range_test(&a, &seen_a, &interrupted);
    range_test(&b, &seen_b, &interrupted);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.point, b.point, (size_t)a.n * sizeof a.point[0]);
}

/* A run with the same rates, which the schedule's override makes possible, has the same losses. */
static void its_steps_are_those_of_a_run(void **state)
{
    (void)state;
    struct lr_curve curve;
    struct seen seen = {.stop_at = 2 * TINY_BATCHES}, of_run = {0};
    bool interrupted;
    range_test(&curve, &seen, &interrupted);
    assert_int_equal(curve.n, 2 * TINY_BATCHES);

    const struct schedule growth = {.kind = SCHEDULE_GROWTH,
                                    .low = LR_CURVE_LOWEST,
                                    .base = LR_CURVE_HIGHEST,
                                    .total = LR_CURVE_STEPS};
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    r.settings.epochs = 2;
    r.inputs.schedule = &growth;
    r.inputs.events = (struct trainer_events){.context = &of_run, .batch = on_batch};
    MUST(run_folder_create(&r.folder, scratch_path("run"), &r.metadata.classes, err));
    r.inputs.folder = r.folder;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    MUST(trainer_run(r.trainer, &interrupted, err));
    tiny_destroy(&r);
    const struct lr_curve_point *last = &curve.point[curve.n - 1];
    assert_true(of_run.last.loss == last->loss && of_run.last.mean_loss == last->mean_loss);
    assert_true(of_run.last.learning_rate == last->learning_rate);
}

static void it_stops_behind_the_batch_in_which_it_is_asked_to(void **state)
{
    (void)state;
    struct lr_curve curve;
    struct seen seen = {.stop_at = 3};
    bool interrupted;
    range_test(&curve, &seen, &interrupted);
    assert_true(interrupted);
    assert_int_equal(curve.n, 3);
}

static void a_loss_that_is_not_finite_has_diverged(void **state)
{
    (void)state;
    struct lr_curve curve;
    struct seen seen = {.poison_at = 5};
    bool interrupted;
    range_test(&curve, &seen, &interrupted);
    assert_false(interrupted);
    assert_true(curve.diverged);
    assert_int_equal(curve.n, 5); /* the step that failed is not in it */
}

static void a_loss_that_is_not_finite_from_the_start_is_an_error(void **state)
{
    (void)state;
    struct tiny_run r;
    struct lr_curve curve;
    struct error failure;
    bool interrupted;
    tiny_create(&r, NORM_GROUP);
    param_find(model_params(r.model), "fc.bias")->data[0] = NAN;
    assert_int_equal(find_lr_run(&curve, &r.inputs, &interrupted, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "the loss is not a finite number"));
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(rates_grow_by_a_constant_factor_over_as_many_epochs_as_it_takes),
        SCRATCH_TEST(two_tests_give_the_same_curve),
        SCRATCH_TEST(its_steps_are_those_of_a_run),
        SCRATCH_TEST(it_stops_behind_the_batch_in_which_it_is_asked_to),
        SCRATCH_TEST(a_loss_that_is_not_finite_has_diverged),
        SCRATCH_TEST(a_loss_that_is_not_finite_from_the_start_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
