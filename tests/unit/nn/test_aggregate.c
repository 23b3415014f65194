#include "nn/aggregate.h"

#include "nn/loss.h"
#include "nn/reference.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_N = 200 };
static float loss[MAX_N], weight[MAX_N];
static int selected[MAX_N], scratch[MAX_N];

static double value(int n, enum aggregate_kind kind, int drop, int k, int *n_selected)
{
    const struct aggregate a = {kind, drop, k};
    *n_selected = aggregate_select(weight, selected, loss, n, &a, scratch);
    return atk_mean(loss, selected, *n_selected);
}

static void five_losses_give_what_is_counted_by_hand(void **state)
{
    (void)state;
    static const struct {
        enum aggregate_kind kind;
        int drop, k, n_selected, index[5];
        double value, threshold;
    } cases[] = {
        {AGGREGATE_ATK, 0, 2, 2, {1, 3}, 9, 8},
        {AGGREGATE_ATK, 1, 2, 2, {0, 3}, 6, 4},
        {AGGREGATE_ATK, 2, 3, 3, {0, 2, 4}, 7.0 / 3, 1},
        {AGGREGATE_AVERAGE, 0, 5, 5, {0, 1, 2, 3, 4}, 5, 1},
        {AGGREGATE_AVERAGE, 1, 4, 4, {0, 2, 3, 4}, 3.75, 1},
        {AGGREGATE_MAXIMUM, 0, 1, 1, {1}, 10, 10},
        {AGGREGATE_MAXIMUM, 1, 1, 1, {3}, 8, 8},
        {AGGREGATE_TOP_K, 0, 1, 1, {1}, 10, 10},
        {AGGREGATE_TOP_K, 0, 3, 1, {0}, 4, 4},
        {AGGREGATE_TOP_K, 2, 2, 1, {2}, 2, 2},
        {AGGREGATE_TOP_K, 0, 5, 1, {4}, 1, 1},
    };
    memcpy(loss, (const float[]){4, 10, 2, 8, 1}, 5 * sizeof *loss);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int n_selected;
        double got = value(5, cases[i].kind, cases[i].drop, cases[i].k, &n_selected);
        assert_int_equal(n_selected, cases[i].n_selected);
        assert_memory_equal(selected, cases[i].index, (size_t)n_selected * sizeof(int));
        assert_true(got == cases[i].value);
        assert_true(aggregate_threshold(loss, selected, n_selected) == cases[i].threshold);
        float sum = 0;
        for (int j = 0; j < 5; j++)
            sum += weight[j];
        assert_true(fabsf(sum - 1) < 1e-6F);
    }
}

static void of_equal_losses_the_lower_index_is_dropped_and_then_taken(void **state)
{
    (void)state;
    int n_selected;
    for (int i = 0; i < 6; i++)
        loss[i] = 3;
    value(6, AGGREGATE_ATK, 2, 3, &n_selected);
    const int want[] = {2, 3, 4};
    assert_memory_equal(selected, want, sizeof want);
    value(6, AGGREGATE_TOP_K, 1, 3, &n_selected);
    assert_true(n_selected == 1 && selected[0] == 3);
}

static void what_the_user_asks_for_is_counted_among_what_the_drop_leaves(void **state)
{
    (void)state;
    static const struct {
        enum aggregate_kind kind;
        const char *k, *drop;
        int n, want_drop, want_k;
    } cases[] = {
        {AGGREGATE_ATK, "0.7", "0", 8, 0, 5},     {AGGREGATE_ATK, "0.5", "0.25", 8, 2, 3},
        {AGGREGATE_ATK, "4", "50%", 8, 4, 4},     {AGGREGATE_ATK, "1.0", "3", 8, 3, 5},
        {AGGREGATE_AVERAGE, "0.7", "1", 8, 1, 7}, {AGGREGATE_MAXIMUM, "0.7", "1", 8, 1, 1},
        {AGGREGATE_TOP_K, "3", "0.1", 8, 0, 3},   {AGGREGATE_ATK, "4", "3", 2, 1, 1},
        {AGGREGATE_AVERAGE, "4", "9", 1, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aggregate_options options = {.kind = cases[i].kind};
        struct error err;
        assert_int_equal(atk_parse(&options.k, cases[i].k, &err), STATUS_OK);
        assert_int_equal(atk_parse_drop(&options.drop, cases[i].drop, &err), STATUS_OK);
        const struct aggregate a = aggregate_resolve(&options, cases[i].n);
        assert_int_equal(a.drop, cases[i].want_drop);
        assert_int_equal(a.k, cases[i].want_k);
    }
}

static void a_drop_is_a_count_or_a_share_that_leaves_something(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "1.0",  "100%",        "-1", "nan",
                                      "1.5", "110%", "99999999999", " 1", "1e1"};
    struct atk_k drop;
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(atk_parse_drop(&drop, bad[i], &err), STATUS_USAGE);
        assert_non_null(strstr(err.message, "would leave nothing"));
    }
    assert_int_equal(atk_parse_drop(&drop, "0.0", &err), STATUS_OK);
    assert_int_equal(atk_resolve_drop(&drop, 8), 0);
    assert_int_equal(atk_parse_drop(&drop, "29%", &err), STATUS_OK);
    assert_int_equal(atk_resolve_drop(&drop, 100), 29);
}

/* ---- random losses ---- */

static void draw_losses(int n, bool ties)
{
    for (int i = 0; i < n; i++)
        loss[i] = ties ? (float)close_pick(0, 4) : (float)exp(rng_normal(&close_rng));
}

static void average_top_k_is_the_average_at_all_and_the_maximum_at_one_bit_for_bit(void **state)
{
    (void)state;
    close_seed(95);
    for (int round = 0; round < 200; round++) {
        int n = close_pick(1, MAX_N), drop = round % 2 ? close_pick(0, n - 1) : 0, count[2];
        float first_weight[MAX_N];
        int first[MAX_N];
        draw_losses(n, round % 3 == 0);
        for (int all = 0; all < 2; all++) {
            int k = all ? n - drop : 1;
            double atk = value(n, AGGREGATE_ATK, drop, k, &count[0]);
            memcpy(first_weight, weight, (size_t)n * sizeof *weight);
            memcpy(first, selected, (size_t)count[0] * sizeof *selected);
            double other =
                value(n, all ? AGGREGATE_AVERAGE : AGGREGATE_MAXIMUM, drop, k, &count[1]);
            assert_true(atk == other && count[0] == count[1]);
            assert_memory_equal(weight, first_weight, (size_t)n * sizeof *weight);
            assert_memory_equal(selected, first, (size_t)count[0] * sizeof *selected);
        }
    }
}

static int descending_then_index(const void *a, const void *b)
{
    int i = *(const int *)a, j = *(const int *)b;
    if (loss[i] != loss[j])
        return loss[i] > loss[j] ? -1 : 1;
    return i - j;
}

static void selection_is_that_of_a_full_sort(void **state)
{
    (void)state;
    close_seed(96);
    for (int round = 0; round < 300; round++) {
        int n = close_pick(1, MAX_N), drop = close_pick(0, n - 1), k = close_pick(1, n - drop);
        int order[MAX_N], n_selected;
        bool is_selected[MAX_N] = {false};
        draw_losses(n, round % 2);
        for (int i = 0; i < n; i++)
            order[i] = i;
        qsort(order, (size_t)n, sizeof *order, descending_then_index);
        value(n, AGGREGATE_ATK, drop, k, &n_selected);
        assert_int_equal(n_selected, k);
        for (int i = 0; i < k; i++)
            is_selected[order[drop + i]] = true;
        for (int i = 0; i < n; i++)
            assert_true((weight[i] > 0) == is_selected[i]);
        value(n, AGGREGATE_TOP_K, drop, k, &n_selected);
        assert_true(n_selected == 1 && selected[0] == order[drop + k - 1]);
    }
}

/* ---- finite differences through loss and aggregate ---- */

enum { CLASSES = 4, N = 9 };

struct twin {
    double *logits; /* [N, CLASSES] */
    const int *label;
    struct aggregate aggregate;
};

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static double twin_value(void *context)
{
    const struct twin *t = context;
    const struct aggregate *a = &t->aggregate;
    double sorted[N], sum = 0;
    for (int i = 0; i < N; i++)
        sorted[i] = reference_cross_entropy(t->logits + (size_t)i * CLASSES, t->label[i], CLASSES);
    qsort(sorted, N, sizeof *sorted, descending);
    if (a->kind == AGGREGATE_TOP_K)
        return sorted[a->drop + a->k - 1];
    for (int i = 0; i < a->k; i++)
        sum += sorted[a->drop + i];
    return sum / a->k;
}

static void weights_times_gradients_are_the_slopes_of_the_aggregate(void **state)
{
    (void)state;
    static const struct aggregate aggregates[] = {
        {AGGREGATE_ATK, 0, 4},     {AGGREGATE_ATK, 2, 3},     {AGGREGATE_AVERAGE, 0, N},
        {AGGREGATE_AVERAGE, 3, 6}, {AGGREGATE_MAXIMUM, 0, 1}, {AGGREGATE_TOP_K, 1, 4},
    };
    close_seed(97);
    int label[N];
    for (int i = 0; i < N; i++)
        label[i] = close_pick(0, CLASSES - 1);
    for (size_t c = 0; c < sizeof aggregates / sizeof aggregates[0]; c++) {
        float *logits = close_normal_around(N * CLASSES, 0, 2), gradient[N * CLASSES];
        double *z = close_to_double(logits, N * CLASSES), slope[N * CLASSES];
        struct twin twin = {z, label, aggregates[c]};
        loss_individual(loss, gradient, logits, label, N, CLASSES,
                        &(const struct loss_options){.kind = LOSS_CROSS_ENTROPY});
        int n = aggregate_select(weight, selected, loss, N, &aggregates[c], scratch);
        assert_true(fabs(atk_mean(loss, selected, n) - twin_value(&twin)) < 1e-6);
        reference_slopes(slope, twin_value, &twin, z, N * CLASSES);
        for (int i = 0; i < N * CLASSES; i++)
            assert_true(fabs(weight[i / CLASSES] * gradient[i] - slope[i]) < 1e-7);
        free(z);
        free(logits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_losses_give_what_is_counted_by_hand),
        cmocka_unit_test(of_equal_losses_the_lower_index_is_dropped_and_then_taken),
        cmocka_unit_test(what_the_user_asks_for_is_counted_among_what_the_drop_leaves),
        cmocka_unit_test(a_drop_is_a_count_or_a_share_that_leaves_something),
        cmocka_unit_test(average_top_k_is_the_average_at_all_and_the_maximum_at_one_bit_for_bit),
        cmocka_unit_test(selection_is_that_of_a_full_sort),
        cmocka_unit_test(weights_times_gradients_are_the_slopes_of_the_aggregate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
