/* run/train/monitor: what is better than what, by hand. */
#include "run/train/monitor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct figures {
    double accuracy, balanced, loss;
};

static bool beats(enum monitor monitor, struct figures now, struct figures best)
{
    const struct run_state state = {.best_epoch = 1,
                                    .best_accuracy = best.accuracy,
                                    .best_balanced_accuracy = best.balanced,
                                    .best_mean_loss = best.loss};
    const struct metrics metrics = {
        .accuracy = now.accuracy, .balanced_accuracy = now.balanced, .mean_loss = now.loss};
    return monitor_is_best(monitor, &state, &metrics);
}

/* a beats b, and not the other way round. */
static void assert_better(enum monitor monitor, struct figures a, struct figures b)
{
    assert_true(beats(monitor, a, b));
    assert_false(beats(monitor, b, a));
}

static void each_figure_decides_over_the_others(void **state)
{
    (void)state;
    assert_better(MONITOR_ACCURACY, (struct figures){0.6, 0.1, 9}, (struct figures){0.5, 0.9, 1});
    assert_better(MONITOR_BALANCED_ACCURACY, (struct figures){0.1, 0.6, 9},
                  (struct figures){0.9, 0.5, 1});
    assert_better(MONITOR_LOSS, (struct figures){0.1, 0.1, 1}, (struct figures){0.9, 0.9, 2});
}

static void a_tie_is_decided_by_the_lower_loss_and_then_the_higher_accuracy(void **state)
{
    (void)state;
    assert_better(MONITOR_ACCURACY, (struct figures){0.5, 0.1, 1}, (struct figures){0.5, 0.9, 2});
    assert_better(MONITOR_BALANCED_ACCURACY, (struct figures){0.1, 0.5, 1},
                  (struct figures){0.9, 0.5, 2});
    assert_better(MONITOR_LOSS, (struct figures){0.6, 0.1, 1}, (struct figures){0.5, 0.9, 1});
}

static void of_equal_epochs_the_first_stays(void **state)
{
    (void)state;
    const struct figures same = {0.5, 0.4, 1};
    for (enum monitor monitor = MONITOR_ACCURACY; monitor <= MONITOR_LOSS; monitor++)
        assert_false(beats(monitor, same, same));
}

static void any_loss_is_better_than_none(void **state)
{
    (void)state;
    for (enum monitor monitor = MONITOR_ACCURACY; monitor <= MONITOR_LOSS; monitor++)
        assert_better(monitor, (struct figures){0.5, 0.5, 7}, (struct figures){0.5, 0.5, NAN});
}

static void the_first_epoch_is_the_best_so_far_whatever_it_has(void **state)
{
    (void)state;
    const struct run_state none = {.best_epoch = 0,
                                   .best_accuracy = NAN,
                                   .best_balanced_accuracy = NAN,
                                   .best_mean_loss = NAN};
    const struct metrics metrics = {.accuracy = 0, .balanced_accuracy = NAN, .mean_loss = NAN};
    for (enum monitor monitor = MONITOR_ACCURACY; monitor <= MONITOR_LOSS; monitor++)
        assert_true(monitor_is_best(monitor, &none, &metrics));
}

static void it_gives_up_when_so_many_epochs_were_not_the_best(void **state)
{
    (void)state;
    const struct run_state after_five = {.epoch = 5, .best_epoch = 3};
    assert_true(monitor_gives_up(1, &after_five));
    assert_true(monitor_gives_up(2, &after_five));
    assert_false(monitor_gives_up(3, &after_five));
    assert_false(monitor_gives_up(0, &after_five)); /* not asked for */
    const struct run_state unvalidated = {.epoch = 5, .best_epoch = 0};
    assert_false(monitor_gives_up(2, &unvalidated));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_figure_decides_over_the_others),
        cmocka_unit_test(a_tie_is_decided_by_the_lower_loss_and_then_the_higher_accuracy),
        cmocka_unit_test(of_equal_epochs_the_first_stays),
        cmocka_unit_test(any_loss_is_better_than_none),
        cmocka_unit_test(the_first_epoch_is_the_best_so_far_whatever_it_has),
        cmocka_unit_test(it_gives_up_when_so_many_epochs_were_not_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
