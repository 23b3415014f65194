/* run/train/metrics against figures that can be counted by hand. */
#include "run/train/metrics.h"

#include "failing_alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Six samples of three classes; class 2 never occurs but is predicted once; label -1 is unknown. */
static const float six_losses[] = {0.5f, 2.0f, 0.25f, 4.0f, 100.0f, 0.25f};
static const int six_labels[] = {0, 0, 1, 1, -1, 0};
static const int six_predicted[] = {0, 1, 1, 2, 1, 0};

static struct metrics create(int capacity)
{
    struct metrics m;
    struct error err;
    assert_int_equal(metrics_create(&m, 3, capacity, &err), STATUS_OK);
    return m;
}

static void figures_are_those_counted_by_hand(void **state)
{
    (void)state;
    struct metrics m = create(6);
    metrics_add(&m, six_losses, six_labels, six_predicted, 6);
    metrics_finish(&m, 1.0);
    assert_int_equal(m.n, 5);
    assert_int_equal(m.n_correct, 3);
    assert_true(m.mean_loss == 7.0 / 5); /* dyadic losses: the sum is exact */
    assert_true(m.atk_loss == m.mean_loss);
    assert_true(m.accuracy == 0.6);
    assert_true(m.recall[0] == 2.0 / 3);
    assert_true(m.recall[1] == 0.5);
    assert_true(isnan(m.recall[2]));
    assert_true(m.balanced_accuracy == (2.0 / 3 + 0.5) / 2);
    /* sklearn.metrics.f1_score(average="macro"): 4/5, 2/4, and 0 for class 2, which was predicted
     */
    assert_true(fabs(m.macro_f1 - (0.8 + 0.5 + 0) / 3) < 1e-15);
    const int confusion[3][3] = {{2, 1, 0}, {0, 1, 1}, {0, 0, 0}};
    for (int c = 0; c < 3; c++)
        assert_memory_equal(confusion_row(&m.confusion, c), confusion[c], sizeof confusion[c]);
    metrics_free(&m);
}

static void a_class_neither_there_nor_predicted_does_not_count_in_f1(void **state)
{
    (void)state;
    struct metrics m = create(3);
    metrics_add(&m, six_losses, (const int[]){0, 1, 0}, (const int[]){0, 0, 0}, 3);
    metrics_finish(&m, 1.0);
    assert_true(fabs(m.macro_f1 - (0.8 + 0) / 2) < 1e-15); /* class 1 occurs: 0; class 2 is out */
    metrics_reset(&m);
    metrics_add(&m, six_losses, (const int[]){2, 2}, (const int[]){2, 2}, 2);
    metrics_finish(&m, 1.0);
    assert_true(m.macro_f1 == 1);
    metrics_free(&m);
}

static void atk_loss_averages_the_share_of_the_whole_set(void **state)
{
    (void)state;
    struct metrics m = create(6);
    metrics_add(&m, six_losses, six_labels, six_predicted, 6);
    metrics_finish(&m, 0.4); /* 0.4 x 5 = the two largest */
    assert_true(m.atk_loss == (2.0 + 4.0) / 2);
    metrics_finish(&m, 0.01); /* at least one */
    assert_true(m.atk_loss == 4.0);
    metrics_free(&m);
}

static void cutting_into_batches_changes_no_bit(void **state)
{
    (void)state;
    enum { N = 100 };
    float loss[N];
    int label[N], predicted[N];
    for (int i = 0; i < N; i++) {
        loss[i] = (float)(1.0 / (1 + i * 7 % 31));
        label[i] = i % 3;
        predicted[i] = i % 2;
    }
    struct metrics whole = create(N), cut = create(N);
    metrics_add(&whole, loss, label, predicted, N);
    for (int i = 0; i < N; i += 7) {
        int n = N - i < 7 ? N - i : 7;
        metrics_add(&cut, loss + i, label + i, predicted + i, n);
    }
    metrics_finish(&whole, 0.7);
    metrics_finish(&cut, 0.7);
    assert_memory_equal(&whole.mean_loss, &cut.mean_loss, sizeof(double));
    assert_memory_equal(&whole.atk_loss, &cut.atk_loss, sizeof(double));
    for (int c = 0; c < 3; c++)
        assert_memory_equal(confusion_row(&whole.confusion, c), confusion_row(&cut.confusion, c),
                            3 * sizeof(int));
    metrics_free(&whole);
    metrics_free(&cut);
}

static void without_samples_there_are_no_figures(void **state)
{
    (void)state;
    struct metrics m = create(6);
    metrics_add(&m, six_losses, six_labels, six_predicted, 6);
    metrics_reset(&m);
    metrics_finish(&m, 0.7);
    assert_int_equal(m.n, 0);
    assert_true(isnan(m.mean_loss) && isnan(m.atk_loss) && isnan(m.accuracy));
    assert_true(isnan(m.balanced_accuracy) && isnan(m.macro_f1) && isnan(m.recall[0]));
    metrics_free(&m);
}

static void share_of_a_count_is_relative_to_the_batch(void **state)
{
    (void)state;
    struct error err;
    struct atk_k k;
    assert_int_equal(atk_parse(&k, "0.7", &err), STATUS_OK);
    assert_true(metrics_share(&k, 8) == 0.7);
    assert_int_equal(atk_parse(&k, "2", &err), STATUS_OK);
    assert_true(metrics_share(&k, 8) == 0.25);
    assert_int_equal(atk_parse(&k, "10", &err), STATUS_OK);
    assert_true(metrics_share(&k, 8) == 1.0);
}

static void prediction_takes_the_lowest_class_at_a_tie(void **state)
{
    (void)state;
    assert_int_equal(metrics_predict((const float[]){1, 3, 3}, 3), 1);
    assert_int_equal(metrics_predict((const float[]){-1000, -1001}, 2), 0);
}

/* A matrix of 65,536 x 65,536 counts would be 16 GB, and its index no int. */
static void many_classes_take_the_room_of_their_images(void **state)
{
    (void)state;
    enum { CLASSES = 65536 };
    struct metrics m;
    struct error err;
    const int label[] = {CLASSES - 1, CLASSES - 1}, predicted[] = {CLASSES - 1, 0};
    assert_true(metrics_bytes(CLASSES, 6) < 2 << 20);
    assert_int_equal(metrics_create(&m, CLASSES, 6, &err), STATUS_OK);
    metrics_add(&m, six_losses, label, predicted, 2);
    metrics_finish(&m, 1.0);
    assert_true(m.recall[CLASSES - 1] == 0.5);
    assert_int_equal(confusion_row(&m.confusion, CLASSES - 1)[0], 1);
    assert_int_equal(confusion_row(&m.confusion, CLASSES - 1)[CLASSES - 1], 1);
    metrics_free(&m);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct metrics m;
    struct error err = {0};
    FAILING_ALLOC_EACH(metrics_create(&m, 3, 6, &err), &err)
        ;
    metrics_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_counted_by_hand),
        cmocka_unit_test(a_class_neither_there_nor_predicted_does_not_count_in_f1),
        cmocka_unit_test(atk_loss_averages_the_share_of_the_whole_set),
        cmocka_unit_test(cutting_into_batches_changes_no_bit),
        cmocka_unit_test(without_samples_there_are_no_figures),
        cmocka_unit_test(share_of_a_count_is_relative_to_the_batch),
        cmocka_unit_test(prediction_takes_the_lowest_class_at_a_tie),
        cmocka_unit_test(many_classes_take_the_room_of_their_images),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
