#include "nn/k_schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct atk_k k_of(const char *text)
{
    struct atk_k k;
    struct error err;
    assert_int_equal(atk_parse(&k, text, &err), STATUS_OK);
    return k;
}

static struct k_schedule schedule(enum k_schedule_kind kind, const char *start, const char *end)
{
    return (struct k_schedule){.kind = kind,
                               .start = k_of(start),
                               .end = k_of(end),
                               .epochs = 6,
                               .step = {2, 5},
                               .n_steps = 2};
}

static void assert_shares(const struct k_schedule *s, const double *want)
{
    for (int epoch = 0; epoch < s->epochs; epoch++) {
        const struct atk_k k = k_schedule_at(s, epoch, 8);
        assert_int_equal(k.kind, ATK_FRACTION);
        assert_true(fabs(k.value - want[epoch]) < 1e-12);
    }
}

static void the_shares_of_six_epochs_are_those_counted_by_hand(void **state)
{
    (void)state;
    const struct k_schedule constant = schedule(K_SCHEDULE_CONSTANT, "1.0", "0.5");
    assert_shares(&constant, (const double[]){0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
    const struct k_schedule linear = schedule(K_SCHEDULE_LINEAR, "1.0", "0.5");
    assert_shares(&linear, (const double[]){1, 0.9, 0.8, 0.7, 0.6, 0.5});
    const struct k_schedule steps = schedule(K_SCHEDULE_STEPS, "1.0", "0.5");
    assert_shares(&steps, (const double[]){1, 1, 0.75, 0.75, 0.75, 0.5});
    const struct k_schedule cosine = schedule(K_SCHEDULE_COSINE, "0.2", "1.0");
    const double c = cos(0.62831853071795865), d = cos(1.2566370614359172); /* pi / 5, 2 pi / 5 */
    assert_shares(&cosine, (const double[]){0.2, 0.6 - 0.4 * c, 0.6 - 0.4 * d, 0.6 + 0.4 * d,
                                            0.6 + 0.4 * c, 1});
}

static void during_the_warm_up_all_count(void **state)
{
    (void)state;
    struct k_schedule s = schedule(K_SCHEDULE_LINEAR, "0.9", "0.3");
    s.warmup = 2;
    assert_shares(&s, (const double[]){1, 1, 0.9, 0.7, 0.5, 0.3});
    s = schedule(K_SCHEDULE_CONSTANT, "1.0", "0.3");
    s.warmup = 5;
    assert_shares(&s, (const double[]){1, 1, 1, 1, 1, 0.3});
}

static void two_counts_give_counts_and_the_ends_keep_their_spelling(void **state)
{
    (void)state;
    const struct k_schedule s = schedule(K_SCHEDULE_LINEAR, "8", "1");
    const int want[] = {8, 6, 5, 3, 2, 1};
    for (int epoch = 0; epoch < 6; epoch++) {
        const struct atk_k k = k_schedule_at(&s, epoch, 8);
        assert_int_equal(k.kind, ATK_COUNT);
        assert_int_equal(atk_resolve(&k, 8), want[epoch]);
    }
    const struct k_schedule spelled = schedule(K_SCHEDULE_LINEAR, "100%", "50%");
    assert_string_equal(k_schedule_at(&spelled, 0, 8).text, "100%");
    assert_string_equal(k_schedule_at(&spelled, 5, 8).text, "50%");
}

static void between_a_count_and_a_share_the_count_is_a_share_of_the_full_set(void **state)
{
    (void)state;
    const struct k_schedule s = schedule(K_SCHEDULE_LINEAR, "1.0", "2"); /* to 2 of 8 */
    for (int epoch = 0; epoch < 5; epoch++) {
        const struct atk_k k = k_schedule_at(&s, epoch, 8);
        assert_int_equal(k.kind, ATK_FRACTION);
        assert_true(fabs(k.value - (1 - 0.75 * epoch / 5)) < 1e-12);
    }
    assert_int_equal(k_schedule_at(&s, 5, 8).kind, ATK_COUNT);
}

static void in_the_only_epoch_behind_the_warm_up_k_is_at_its_end(void **state)
{
    (void)state;
    struct k_schedule s = schedule(K_SCHEDULE_COSINE, "1.0", "0.5");
    s.warmup = 5;
    assert_true(k_schedule_at(&s, 4, 8).value == 1 && k_schedule_at(&s, 5, 8).value == 0.5);
    s.epochs = 3; /* a run that went on with more epochs than it was made for */
    assert_true(k_schedule_at(&s, 9, 8).value == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shares_of_six_epochs_are_those_counted_by_hand),
        cmocka_unit_test(during_the_warm_up_all_count),
        cmocka_unit_test(two_counts_give_counts_and_the_ends_keep_their_spelling),
        cmocka_unit_test(between_a_count_and_a_share_the_count_is_a_share_of_the_full_set),
        cmocka_unit_test(in_the_only_epoch_behind_the_warm_up_k_is_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
