#include "nn/loss.h"

#include "nn/reference.h"

#include <string.h>

enum { CLASSES = 5, N = 60, KINDS = LOSS_ABSOLUTE + 1 };

/* ---- by hand ---- */

struct by_hand {
    enum loss_kind kind;
    float loss, gradient[3];
};

/* Logits 2, -1, 0.5 of a sample of class 0, and what their losses are. */
static void three_logits_give_what_is_counted_by_hand(void **state)
{
    (void)state;
    static const float logits[] = {2, -1, 0.5F};
    static const struct by_hand cases[] = {
        /* -1 and 0.5 are 2.5 and more below 2: no loss */
        {LOSS_HINGE, 0, {0, 0, 0}},
        /* (2 - 1)^2 + 1 + 0.25 */
        {LOSS_SQUARED, 2.25F, {2, -2, 1}},
        {LOSS_ABSOLUTE, 2.5F, {1, -1, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float loss, gradient[3];
        loss_individual(&loss, gradient, logits, &(const int){0}, 1, 3,
                        &(const struct loss_options){.kind = cases[i].kind});
        assert_true(loss == cases[i].loss);
        for (int j = 0; j < 3; j++)
            assert_true(gradient[j] == cases[i].gradient[j]);
    }
}

static void hinge_asks_for_a_margin_of_one_to_the_largest_rival(void **state)
{
    (void)state;
    const struct loss_options options = {.kind = LOSS_HINGE};
    const float logits[] = {1, 1.5F, 0, 3, 2, 2, 0, 4, 4};
    const int label[] = {0, 0, 0};
    const float want_loss[] = {1.5F, 0, 5}, want[] = {-1, 1, 0, 0, 0, 0, -1, 1, 0};
    float loss[3], gradient[9];
    loss_individual(loss, gradient, logits, label, 3, 3, &options);
    assert_memory_equal(loss, want_loss, sizeof want_loss);
    for (int i = 0; i < 9; i++)
        assert_true(gradient[i] == want[i]); /* the second: a margin of just 1; the third: a tie */
}

static void logistic_is_a_yes_or_no_for_each_class(void **state)
{
    (void)state;
    const struct loss_options options = {.kind = LOSS_LOGISTIC};
    float loss, gradient[3];
    loss_individual(&loss, gradient, (const float[]){0, 0, 0}, &(const int){1}, 1, 3, &options);
    assert_true(loss == (float)(3 * log(2)));
    assert_true(gradient[0] == 0.5F && gradient[1] == -0.5F && gradient[2] == 0.5F);
    loss_individual(&loss, gradient, (const float[]){1000, -1000, -1000}, &(const int){1}, 1, 3,
                    &options);
    assert_true(loss == 2000 && gradient[0] == 1 && gradient[1] == -1 && gradient[2] == 0);
}

/* With two classes and logits (0, f) hinge is the binary max(0, 1 - f), and cross-entropy the
 * binary logistic loss: what the paper's linear classifiers minimise. */
static void two_classes_give_the_binary_losses(void **state)
{
    (void)state;
    for (double f = -3; f <= 3; f += 0.25) {
        const float logits[] = {0, (float)f};
        float loss, gradient[2];
        loss_individual(&loss, gradient, logits, &(const int){1}, 1, 2,
                        &(const struct loss_options){.kind = LOSS_HINGE});
        assert_true(loss == (float)fmax(0, 1 - f));
        loss_individual(&loss, gradient, logits, &(const int){1}, 1, 2,
                        &(const struct loss_options){.kind = LOSS_CROSS_ENTROPY});
        assert_true(fabs(loss - log1p(exp(-f))) < 1e-6);
    }
}

/* ---- against the definitions in double precision ---- */

struct twin {
    enum loss_kind kind;
    const double *logits;
    int label;
};

static double twin_loss(void *context)
{
    const struct twin *t = context;
    const double *z = t->logits;
    double sum = 0, rival = -INFINITY;
    for (int j = 0; j < CLASSES; j++) {
        double target = j == t->label, sign = 2 * target - 1;
        rival = j != t->label && z[j] > rival ? z[j] : rival;
        sum += t->kind == LOSS_LOGISTIC  ? log(1 + exp(-sign * z[j]))
               : t->kind == LOSS_SQUARED ? (z[j] - target) * (z[j] - target)
                                         : fabs(z[j] - target);
    }
    return t->kind == LOSS_CROSS_ENTROPY ? reference_cross_entropy(z, t->label, CLASSES)
           : t->kind == LOSS_HINGE       ? fmax(0, 1 + rival - z[t->label])
                                         : sum;
}

static void losses_and_gradients_are_those_of_the_twins(void **state)
{
    (void)state;
    close_seed(85);
    float *logits = close_normal_around(N * CLASSES, 0, 3), loss[N], gradient[N * CLASSES];
    int label[N];
    for (int i = 0; i < N; i++)
        label[i] = close_pick(0, CLASSES - 1);
    for (int kind = 0; kind < KINDS; kind++) {
        loss_individual(loss, gradient, logits, label, N, CLASSES,
                        &(const struct loss_options){.kind = (enum loss_kind)kind});
        for (int i = 0; i < N; i++) {
            double *z = close_to_double(logits + i * CLASSES, CLASSES), slope[CLASSES];
            struct twin t = {(enum loss_kind)kind, z, label[i]};
            double want = twin_loss(&t);
            assert_true(fabs(loss[i] - want) <= 1e-6 * fmax(1, want));
            reference_slopes(slope, twin_loss, &t, z, CLASSES);
            for (int j = 0; j < CLASSES; j++) /* differences of a loss of up to some hundreds */
                assert_true(fabs(gradient[i * CLASSES + j] - slope[j]) < 1e-5);
            free(z);
        }
    }
    free(logits);
}

static void no_loss_is_negative(void **state)
{
    (void)state;
    close_seed(86);
    for (int round = 0; round < 200; round++) {
        float *logits = close_normal_around(CLASSES, 0, round), loss, gradient[CLASSES];
        int label = close_pick(0, CLASSES - 1);
        for (int kind = 0; kind < KINDS; kind++) {
            loss_individual(&loss, gradient, logits, &label, 1, CLASSES,
                            &(const struct loss_options){.kind = (enum loss_kind)kind});
            assert_true(loss >= 0);
        }
        free(logits);
    }
}

static void a_nan_reaches_the_loss_of_its_sample_alone_and_no_label_gives_none(void **state)
{
    (void)state;
    const int label[] = {0, 2, -1};
    for (int kind = 0; kind < KINDS; kind++)
        for (int place = 0; place < 3; place++) {
            float logits[] = {1, 2, 3, 3, 2, 1, 1, 2, 3}, loss[3], gradient[9];
            logits[place] = NAN;
            memset(gradient, -1, sizeof gradient);
            loss_individual(loss, gradient, logits, label, 3, 3,
                            &(const struct loss_options){.kind = (enum loss_kind)kind});
            assert_true(isnan(loss[0]) && isfinite(loss[1]) && loss[2] == 0);
            for (int j = 6; j < 9; j++)
                assert_true(gradient[j] == 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_logits_give_what_is_counted_by_hand),
        cmocka_unit_test(hinge_asks_for_a_margin_of_one_to_the_largest_rival),
        cmocka_unit_test(logistic_is_a_yes_or_no_for_each_class),
        cmocka_unit_test(two_classes_give_the_binary_losses),
        cmocka_unit_test(losses_and_gradients_are_those_of_the_twins),
        cmocka_unit_test(no_loss_is_negative),
        cmocka_unit_test(a_nan_reaches_the_loss_of_its_sample_alone_and_no_label_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
