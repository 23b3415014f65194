#include "nn/calibration_error.h"
#include "nn/temperature.h"

#include "io/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- scripts/make_temperature_golden.py ---- */

struct golden {
    int n, classes;
    float *score;
    int *label;
    double temperature, loss, error[2];
    const double *probability;
};

static const struct safetensors_entry *find(const struct safetensors *file, const char *what,
                                            const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "%s/%s", what, name);
    const struct safetensors_entry *e = safetensors_find(file, key);
    assert_non_null(e);
    return e;
}

static void *copy(const struct safetensors_entry *e)
{
    void *out = malloc(e->n_bytes);
    assert_non_null(out);
    return memcpy(out, e->data, e->n_bytes);
}

static void golden_read(struct golden *g, const struct safetensors *file, const char *name)
{
    const struct safetensors_entry *score = find(file, "score", name);
    int64_t *label = copy(find(file, "label", name));
    *g = (struct golden){.n = (int)score->dim[0], .classes = (int)score->dim[1]};
    g->score = copy(score);
    g->label = calloc((size_t)g->n, sizeof *g->label);
    assert_non_null(g->label);
    for (int i = 0; i < g->n; i++)
        g->label[i] = (int)label[i];
    memcpy(&g->temperature, find(file, "temperature", name)->data, sizeof g->temperature);
    memcpy(&g->loss, find(file, "loss", name)->data, sizeof g->loss);
    memcpy(g->error, find(file, "error", name)->data, sizeof g->error);
    g->probability = copy(find(file, "probability", name));
    free(label);
}

static void golden_free(struct golden *g)
{
    free(g->score);
    free(g->label);
    free((void *)g->probability);
}

static double mean_loss(const struct golden *g, double temperature)
{
    double sum = 0;
    for (int i = 0; i < g->n; i++) {
        const float *z = g->score + i * g->classes;
        double total = 0;
        for (int j = 0; j < g->classes; j++)
            total += exp(((double)z[j] - (double)z[g->label[i]]) / temperature);
        sum += log(total);
    }
    return sum / g->n;
}

static double error_at(const struct golden *g, double temperature)
{
    struct calibration_error e = {0};
    for (int i = 0; i < g->n; i++) {
        const float *z = g->score + i * g->classes;
        int best = 0;
        for (int j = 1; j < g->classes; j++)
            best = z[j] > z[best] ? j : best;
        calibration_error_add(&e, temperature_confidence(z, g->classes, temperature),
                              best == g->label[i]);
    }
    return calibration_error_value(&e);
}

static void temperature_probabilities_and_errors_are_those_of_pytorch(void **state)
{
    (void)state;
    static const char *const names[] = {"sure", "modest", "two", "far"};
    struct safetensors file;
    struct error err;
    assert_int_equal(safetensors_read(&file, "tests/golden/nn/temperature.safetensors", &err),
                     STATUS_OK);
    for (size_t c = 0; c < sizeof names / sizeof *names; c++) {
        struct golden g;
        golden_read(&g, &file, names[c]);
        double t = temperature_fit(g.score, g.label, g.n, g.classes);
        /* L-BFGS ends where the gradient is 1e-9; the minimum is flat. */
        assert_true(fabs(t / g.temperature - 1) < 1e-6);
        assert_true(fabs(mean_loss(&g, t) - g.loss) < 1e-12);
        assert_true(mean_loss(&g, t) <= mean_loss(&g, t * 1.001));
        assert_true(mean_loss(&g, t) <= mean_loss(&g, t * 0.999));
        assert_true(fabs(error_at(&g, 1) - g.error[0]) < 1e-7);
        assert_true(fabs(error_at(&g, t) - g.error[1]) < 1e-7);
        size_t n_values = (size_t)g.n * (size_t)g.classes;
        float *p = malloc(n_values * sizeof *p);
        assert_non_null(p);
        temperature_apply(p, g.score, g.n, g.classes, t);
        for (size_t i = 0; i < n_values; i++)
            assert_true(fabs((double)p[i] - g.probability[i]) < 1e-6);
        free(p);
        golden_free(&g);
    }
    safetensors_free(&file);
}

/* ---- the ends ---- */

static void when_no_image_is_wrong_the_temperature_is_1(void **state)
{
    (void)state;
    const float score[] = {0.2f, 0.1f, 0, 5};
    assert_true(temperature_fit(score, (const int[]){0, 1}, 2, 2) == 1);
    assert_true(temperature_fit(score, (const int[]){1, 1}, 2, 2) != 1);
}

static void a_network_that_knows_nothing_gets_the_highest_temperature(void **state)
{
    (void)state;
    const float score[] = {1, 0, 0, 1};
    double t = temperature_fit(score, (const int[]){1, 0}, 2, 2);
    assert_true(t <= TEMPERATURE_MOST * (1 + 1e-9) && t > TEMPERATURE_MOST * (1 - 1e-9));
}

static void scores_that_are_close_together_get_the_lowest_temperature(void **state)
{
    (void)state;
    enum { N = 1000 };
    static float score[2 * N];
    static int label[N];
    for (int i = 0; i < N; i++)
        score[2 * i] = 1e-4f;
    label[0] = 1;
    double t = temperature_fit(score, label, N, 2);
    assert_true(t <= TEMPERATURE_LEAST * (1 + 1e-9) && t > TEMPERATURE_LEAST * (1 - 1e-9));
}

static void scores_that_are_not_finite_leave_it_at_1(void **state)
{
    (void)state;
    const float nan_first[] = {NAN, 1, 0, 1}, infinite[] = {INFINITY, 1, 2, 1};
    assert_true(temperature_fit(nan_first, (const int[]){1, 0}, 2, 2) == 1);
    assert_true(temperature_fit(infinite, (const int[]){1, 1}, 2, 2) == 1);
}

static void scores_of_a_thousand_neither_overflow_nor_vanish(void **state)
{
    (void)state;
    const float score[] = {1000, -1000, 998};
    float p[3];
    temperature_apply(p, score, 1, 3, 1);
    assert_true(fabs((double)p[0] - 1 / (1 + exp(-2))) < 1e-7);
    assert_true(p[1] == 0);
    temperature_apply(p, score, 1, 3, 0.01);
    assert_true(p[0] == 1 && p[2] < 1e-30f);
    assert_true(fabs(temperature_confidence(score, 3, 2) - 1 / (1 + exp(-1))) < 1e-12);
}

static void bins_end_with_their_upper_edge(void **state)
{
    (void)state;
    struct calibration_error e = {0};
    assert_true(isnan(calibration_error_value(&e)));
    calibration_error_add(&e, 1.0 / 3, true); /* the fifth bin's edge, and just above it */
    calibration_error_add(&e, 1.0 / 3 + 1e-9, false);
    calibration_error_add(&e, 1, true);
    calibration_error_add(&e, 0, false);
    assert_int_equal(e.images[4], 1);
    assert_int_equal(e.images[5], 1);
    assert_int_equal(e.images[14], 1);
    assert_int_equal(e.images[0], 1);
    assert_true(fabs(calibration_error_value(&e) - (2.0 / 3 + 1.0 / 3) / 4) < 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_probabilities_and_errors_are_those_of_pytorch),
        cmocka_unit_test(when_no_image_is_wrong_the_temperature_is_1),
        cmocka_unit_test(a_network_that_knows_nothing_gets_the_highest_temperature),
        cmocka_unit_test(scores_that_are_close_together_get_the_lowest_temperature),
        cmocka_unit_test(scores_that_are_not_finite_leave_it_at_1),
        cmocka_unit_test(scores_of_a_thousand_neither_overflow_nor_vanish),
        cmocka_unit_test(bins_end_with_their_upper_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
