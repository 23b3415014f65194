#include "nn/loss.h"

#include "nn/reference.h"

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
    loss_cross_entropy(loss, dlogits, probability, logits, label, N, CLASSES);
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
    loss_cross_entropy(&loss, dlogits, NULL, logits, &(const int){1}, 1, 2);
    assert_true(loss == (float)log(2));
    assert_true(dlogits[0] == 0.5f && dlogits[1] == -0.5f);
}

static void logits_of_a_thousand_neither_overflow_nor_vanish(void **state)
{
    (void)state;
    const float logits[] = {1000, -1000, 0, -1000, 1000, 0, 1000, 1000, -1000};
    const int label[] = {0, 0, 2};
    float loss[3], dlogits[9], probability[9];
    loss_cross_entropy(loss, dlogits, probability, logits, label, 3, 3);
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
    loss_cross_entropy(&loss, dlogits, probability, logits, &(const int){-1}, 1, 2);
    assert_true(loss == 0 && dlogits[0] == 0 && dlogits[1] == 0);
    assert_true(probability[0] == 0.5f && probability[1] == 0.5f);
    loss_cross_entropy(&loss, NULL, NULL, logits, &(const int){0}, 1, 2);
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
        loss_cross_entropy(loss, dlogits, NULL, logits, label, 4, 3);
        assert_true(isnan(loss[0]) && isfinite(loss[1]) && !isfinite(loss[2]) && isnan(loss[3]));
        logits[place] = (float)place;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_gradient_and_probability_are_those_of_the_twin),
        cmocka_unit_test(two_equal_logits_lose_log_2),
        cmocka_unit_test(logits_of_a_thousand_neither_overflow_nor_vanish),
        cmocka_unit_test(an_unlabelled_sample_has_no_loss_and_no_gradient_but_probabilities),
        cmocka_unit_test(a_nan_or_an_infinity_reaches_the_loss_of_its_sample_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
