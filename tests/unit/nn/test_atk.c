#include "nn/atk.h"

#include "math/close.h"

#include <stdio.h>
#include <string.h>

enum { MAX_N = 5000 };
static float loss[MAX_N], weight[MAX_N];
static int selected[MAX_N], scratch[MAX_N], order[MAX_N];

static void k_is_a_count_a_fraction_or_a_percent(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int n, k;
    } cases[] = {
        {"1", 4, 1},      {"1.0", 4, 4},     {"100%", 4, 4},       {"0.7", 4, 2},  {"70%", 4, 2},
        {"0.7", 10, 7},   {"70%", 10, 7},    {"0.7", 1, 1},        {"0.01", 8, 1}, {"3", 2, 2},
        {"10", 64, 10},   {"0.29", 100, 29}, {"29%", 100, 29},     {".5", 8, 4},   {"1.", 8, 8},
        {"12.5%", 16, 2}, {"0.1", 30, 3},    {"1000000000", 8, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct atk_k k;
        struct error err;
        assert_int_equal(atk_parse(&k, cases[i].text, &err), STATUS_OK);
        assert_string_equal(k.text, cases[i].text);
        assert_int_equal(atk_resolve(&k, cases[i].n), cases[i].k);
    }
}

/* 0.07 * 100 is 7.000000000000001 and 0.57 * 100 is 56.99999999999999 in binary. */
static void a_fraction_of_whole_percents_is_exact_for_a_hundred_samples(void **state)
{
    (void)state;
    for (int percent = 1; percent <= 100; percent++) {
        char text[2][16];
        snprintf(text[0], sizeof text[0], "%d%%", percent);
        snprintf(text[1], sizeof text[1], "%d.%02d", percent / 100, percent % 100);
        for (int i = 0; i < 2; i++) {
            struct atk_k k;
            struct error err;
            assert_int_equal(atk_parse(&k, text[i], &err), STATUS_OK);
            assert_int_equal(atk_resolve(&k, 100), percent);
        }
    }
}

static void other_spellings_are_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "0",
                                        "1.5",
                                        "-1",
                                        "nan",
                                        "1e3",
                                        "150%",
                                        " 5",
                                        "5 ",
                                        "0.0",
                                        "0%",
                                        "+1",
                                        ".",
                                        "%",
                                        "5%%",
                                        "inf",
                                        "0x10",
                                        "1,5",
                                        "k",
                                        "99999999999",
                                        "1.0.0",
                                        "100.1%",
                                        "1111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct atk_k k;
        struct error err = {0};
        char quoted[64];
        assert_int_equal(atk_parse(&k, texts[i], &err), STATUS_USAGE);
        snprintf(quoted, sizeof quoted, "\"%s\" is not a count", texts[i]);
        assert_non_null(strstr(err.message, quoted));
    }
}

static int run(int n, int k)
{
    return atk_select(weight, selected, loss, n, k, scratch);
}

static void set_losses(const float *values, int n)
{
    memcpy(loss, values, sizeof *loss * n);
}

static void the_two_largest_of_four_are_averaged(void **state)
{
    (void)state;
    set_losses((const float[]){1, 4, 2, 3}, 4);
    assert_int_equal(run(4, 2), 2);
    assert_int_equal(selected[0], 1);
    assert_int_equal(selected[1], 3);
    assert_true(weight[0] == 0 && weight[1] == 0.5f && weight[2] == 0 && weight[3] == 0.5f);
    assert_true(atk_mean(loss, selected, 2) == 3.5);
}

static void of_equal_losses_the_lower_index_is_taken(void **state)
{
    (void)state;
    set_losses((const float[]){2, 5, 2, 2, 5, 2}, 6);
    assert_int_equal(run(6, 4), 4);
    const int want[] = {0, 1, 2, 4};
    assert_memory_equal(selected, want, sizeof want);
    set_losses((const float[]){0.0f, -0.0f, 0.0f}, 3);
    run(3, 2);
    assert_true(selected[0] == 0 && selected[1] == 1);
}

static void k_is_kept_within_one_and_n(void **state)
{
    (void)state;
    set_losses((const float[]){1, 2, 3}, 3);
    assert_int_equal(run(3, 0), 1);
    assert_int_equal(run(3, -5), 1);
    assert_int_equal(run(3, 9), 3);
    assert_int_equal(run(1, 1), 1);
}

static void k_of_one_is_the_maximum_and_k_of_n_the_mean_bit_for_bit(void **state)
{
    (void)state;
    close_seed(90);
    for (int round = 0; round < 50; round++) {
        int n = close_pick(1, 300);
        double sum = 0;
        float largest = -INFINITY;
        for (int i = 0; i < n; i++) {
            loss[i] = (float)exp(rng_normal(&close_rng));
            sum += loss[i];
            largest = loss[i] > largest ? loss[i] : largest;
        }
        assert_int_equal(run(n, 1), 1);
        assert_true(atk_mean(loss, selected, 1) == largest);
        assert_int_equal(run(n, n), n);
        assert_true(atk_mean(loss, selected, n) == sum / n);
        for (int i = 0; i < n; i++) {
            assert_int_equal(selected[i], i);
            assert_true(weight[i] == 1.0f / (float)n);
        }
    }
}

static void a_nan_is_larger_than_anything_and_reaches_the_mean(void **state)
{
    (void)state;
    set_losses((const float[]){INFINITY, 1, NAN, 2, NAN}, 5);
    run(5, 1);
    assert_int_equal(selected[0], 2);
    assert_true(isnan(atk_mean(loss, selected, 1)));
    run(5, 3);
    assert_true(selected[0] == 0 && selected[1] == 2 && selected[2] == 4);
}

static int by_loss_then_index(const void *a, const void *b)
{
    int i = *(const int *)a, j = *(const int *)b;
    if (loss[i] != loss[j])
        return loss[i] > loss[j] ? -1 : 1;
    return i - j;
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Random, with many ties, ascending, descending, all equal. */
static float made_up_loss(int kind, int i)
{
    switch (kind) {
    case 0:
        return (float)rng_normal(&close_rng);
    case 1:
        return (float)close_pick(0, 5);
    case 2:
        return (float)i;
    case 3:
        return (float)-i;
    default:
        return 1;
    }
}

static void selection_is_that_of_a_full_sort(void **state)
{
    (void)state;
    close_seed(91);
    for (int round = 0; round < 200; round++) {
        int n = close_pick(1, round < 190 ? 100 : MAX_N), k = close_pick(1, n);
        for (int i = 0; i < n; i++) {
            loss[i] = made_up_loss(round % 5, i);
            order[i] = i;
        }
        qsort(order, n, sizeof *order, by_loss_then_index);
        qsort(order, k, sizeof *order, ascending);
        assert_int_equal(run(n, k), k);
        assert_memory_equal(selected, order, k * sizeof *order);
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += weight[i] * k;
        assert_true(fabs(sum - k) < 1e-4 * k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_is_a_count_a_fraction_or_a_percent),
        cmocka_unit_test(a_fraction_of_whole_percents_is_exact_for_a_hundred_samples),
        cmocka_unit_test(other_spellings_are_refused_with_what_was_expected),
        cmocka_unit_test(the_two_largest_of_four_are_averaged),
        cmocka_unit_test(of_equal_losses_the_lower_index_is_taken),
        cmocka_unit_test(k_is_kept_within_one_and_n),
        cmocka_unit_test(k_of_one_is_the_maximum_and_k_of_n_the_mean_bit_for_bit),
        cmocka_unit_test(a_nan_is_larger_than_anything_and_reaches_the_mean),
        cmocka_unit_test(selection_is_that_of_a_full_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
