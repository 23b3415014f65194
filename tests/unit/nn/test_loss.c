#include "nn/loss.h"

#include "io/safetensors.h"

#include "nn/reference.h"

#include <stdio.h>
#include <string.h>

enum { CLASSES = 6, N = 40 };

struct twin {
    double *logits;
    int label;
};

static double twin_loss(void *context)
{
    const struct twin *t = context;
    return reference_cross_entropy(t->logits, t->label, CLASSES);
}

static void loss_gradient_and_probability_are_those_of_the_twin(void **state)
{
    (void)state;
    close_seed(80);
    float *logits = close_normal_around(N * CLASSES, 0, 5), loss[N];
    float dlogits[N * CLASSES], probability[N * CLASSES];
    int label[N];
    for (int i = 0; i < N; i++)
        label[i] = close_pick(0, CLASSES - 1);
    loss_cross_entropy(loss, dlogits, probability, logits, label, N, CLASSES, NULL);
    for (int i = 0; i < N; i++) {
        double *z = close_to_double(logits + i * CLASSES, CLASSES), slope[CLASSES], share[CLASSES];
        struct twin t = {z, label[i]};
        double want = twin_loss(&t);
        assert_close(&loss[i], &want, 1, 1e-7);
        reference_slopes(slope, twin_loss, &t, z, CLASSES);
        for (int j = 0; j < CLASSES; j++) {
            assert_true(fabs(dlogits[i * CLASSES + j] - slope[j]) < 1e-7);
            share[j] = slope[j] + (j == label[i]);
        }
        assert_close(probability + i * CLASSES, share, CLASSES, 1e-7);
        free(z);
    }
    free(logits);
}

static void two_equal_logits_lose_log_2(void **state)
{
    (void)state;
    const float logits[] = {3, 3};
    float loss, dlogits[2];
    loss_cross_entropy(&loss, dlogits, NULL, logits, &(const int){1}, 1, 2, NULL);
    assert_true(loss == (float)log(2));
    assert_true(dlogits[0] == 0.5f && dlogits[1] == -0.5f);
}

static void logits_of_a_thousand_neither_overflow_nor_vanish(void **state)
{
    (void)state;
    const float logits[] = {1000, -1000, 0, -1000, 1000, 0, 1000, 1000, -1000};
    const int label[] = {0, 0, 2};
    float loss[3], dlogits[9], probability[9];
    loss_cross_entropy(loss, dlogits, probability, logits, label, 3, 3, NULL);
    assert_true(loss[0] == 0);
    assert_true(loss[1] == 2000);
    assert_true(loss[2] == (float)(2000 + log(2)));
    assert_true(dlogits[3] == -1 && dlogits[4] == 1 && dlogits[5] == 0);
    assert_true(fabsf(probability[6] - 0.5f) < 1e-7f && probability[8] == 0);
}

static void an_unlabelled_sample_has_no_loss_and_no_gradient_but_probabilities(void **state)
{
    (void)state;
    const float logits[] = {1, 1};
    float loss = 7, dlogits[2] = {7, 7}, probability[2];
    loss_cross_entropy(&loss, dlogits, probability, logits, &(const int){-1}, 1, 2, NULL);
    assert_true(loss == 0 && dlogits[0] == 0 && dlogits[1] == 0);
    assert_true(probability[0] == 0.5f && probability[1] == 0.5f);
    loss_cross_entropy(&loss, NULL, NULL, logits, &(const int){0}, 1, 2, NULL);
    assert_true(loss == (float)log(2));
}

static void a_nan_or_an_infinity_reaches_the_loss_of_its_sample_alone(void **state)
{
    (void)state;
    float logits[] = {1, 2, NAN, 1, 2, 3, INFINITY, 0, 0, NAN, NAN, NAN};
    const int label[] = {0, 0, 1, 2};
    float loss[4], dlogits[12];
    for (int place = 0; place < 3; place++) {
        logits[place] = NAN;
        loss_cross_entropy(loss, dlogits, NULL, logits, label, 4, 3, NULL);
        assert_true(isnan(loss[0]) && isfinite(loss[1]) && !isfinite(loss[2]) && isnan(loss[3]));
        logits[place] = (float)place;
    }
}

/* ---- weights and smoothing ---- */

enum { GOLDEN_N = 12, GOLDEN_CLASSES = 5 };

static void take(void *out, const struct safetensors *file, const char *prefix, const char *name,
                 size_t n)
{
    char key[64];
    snprintf(key, sizeof key, "%s%s", prefix, name);
    const struct safetensors_entry *e = safetensors_find(file, key);
    assert_non_null(e);
    assert_int_equal(e->n_bytes, n);
    memcpy(out, e->data, n);
}

/* scripts/make_loss_golden.py */
static void weighted_and_smoothed_losses_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    enum { VALUES = GOLDEN_N * GOLDEN_CLASSES };
    struct safetensors file;
    struct error err;
    float logits[VALUES], weight[GOLDEN_CLASSES], loss[GOLDEN_N], dlogits[VALUES];
    double want_loss[GOLDEN_N], want_gradient[VALUES];
    int64_t stored[GOLDEN_N];
    int label[GOLDEN_N];
    const struct {
        const char *name;
        struct loss_options opt;
    } cases[] = {{"plain", {.smoothing = 0}},
                 {"weighted", {.class_weight = weight}},
                 {"smoothed", {.smoothing = 0.1}},
                 {"both", {.class_weight = weight, .smoothing = 0.3}}};
    assert_int_equal(safetensors_read(&file, "tests/golden/nn/loss.safetensors", &err), STATUS_OK);
    take(logits, &file, "logits", "", sizeof logits);
    take(weight, &file, "weight", "", sizeof weight);
    take(stored, &file, "label", "", sizeof stored);
    for (int i = 0; i < GOLDEN_N; i++)
        label[i] = (int)stored[i];
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        take(want_loss, &file, "loss/", cases[c].name, sizeof want_loss);
        take(want_gradient, &file, "gradient/", cases[c].name, sizeof want_gradient);
        loss_cross_entropy(loss, dlogits, NULL, logits, label, GOLDEN_N, GOLDEN_CLASSES,
                           &cases[c].opt);
        /* Both are doubles until the end: half a last place of a float. */
        for (int i = 0; i < GOLDEN_N; i++)
            assert_close(&loss[i], &want_loss[i], 1, 6e-8);
        for (int i = 0; i < VALUES; i++)
            assert_true(fabs(dlogits[i] - want_gradient[i]) <= 6e-8 * (1 + fabs(want_gradient[i])));
    }
    safetensors_free(&file);
}

static void weights_of_one_and_no_smoothing_change_no_bit(void **state)
{
    (void)state;
    close_seed(81);
    const float ones[CLASSES] = {1, 1, 1, 1, 1, 1};
    const struct loss_options opt = {.class_weight = ones};
    float *logits = close_normal_around(N * CLASSES, 0, 5), loss[2][N];
    float dlogits[2][N * CLASSES];
    int label[N];
    for (int i = 0; i < N; i++)
        label[i] = close_pick(0, CLASSES - 1);
    loss_cross_entropy(loss[0], dlogits[0], NULL, logits, label, N, CLASSES, NULL);
    loss_cross_entropy(loss[1], dlogits[1], NULL, logits, label, N, CLASSES, &opt);
    assert_memory_equal(loss[0], loss[1], sizeof loss[0]);
    assert_memory_equal(dlogits[0], dlogits[1], sizeof dlogits[0]);
    free(logits);
}

static void a_weight_and_a_spread_target_count_as_one_would_by_hand(void **state)
{
    (void)state;
    /* p = 1/2 each: (0.8 x 3 + 0.1 x 3 + 0.1 x 1) log 2. */
    const float logits[] = {7, 7}, weight[] = {3, 1};
    const struct loss_options opt = {.class_weight = weight, .smoothing = 0.2};
    float loss, dlogits[2];
    loss_cross_entropy(&loss, dlogits, NULL, logits, &(const int){0}, 1, 2, &opt);
    assert_true(fabs((double)loss - 2.8 * log(2)) < 2e-7);
    assert_true(fabs((double)dlogits[0] + 1.3) < 1e-7 && fabs((double)dlogits[1] - 1.3) < 1e-7);
    loss_cross_entropy(&loss, dlogits, NULL, logits, &(const int){-1}, 1, 2, &opt);
    assert_true(loss == 0 && dlogits[0] == 0 && dlogits[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_gradient_and_probability_are_those_of_the_twin),
        cmocka_unit_test(two_equal_logits_lose_log_2),
        cmocka_unit_test(logits_of_a_thousand_neither_overflow_nor_vanish),
        cmocka_unit_test(an_unlabelled_sample_has_no_loss_and_no_gradient_but_probabilities),
        cmocka_unit_test(a_nan_or_an_infinity_reaches_the_loss_of_its_sample_alone),
        cmocka_unit_test(weighted_and_smoothed_losses_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(weights_of_one_and_no_smoothing_change_no_bit),
        cmocka_unit_test(a_weight_and_a_spread_target_count_as_one_would_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
