/* Networks of which a part learns: what is frozen keeps its bits, the rest gets the gradient that
 * it would get anyway; waking up; the body's own rate; features that are computed once. */
#include "nn/model.h"

#include "nn/block_kinds.h"
#include "nn/optimiser.h"

#include "math/close.h"
#include "nn/threads.h"

#include <string.h>

enum { SIZE = 20, BATCH = 3, CLASSES = 4 };

static struct model_spec small(void)
{
    return (struct model_spec){
        .name = "small",
        .stem = {{8, 3, 1, 1, 1}},
        .n_stem = 1,
        .pool = {3, 2, 1},
        .block = &block_basic,
        .stage = {{.blocks = 2, .width = 8, .stride = 1}, {.blocks = 1, .width = 16, .stride = 2}},
        .n_stages = 2,
        .norm = {NORM_BATCH, 0, 1e-5, 0.1},
        .activation = KERNELS_RELU};
}

static struct model *create(const char *train, bool unfreezes, bool freeze_batch_norm)
{
    const struct model_spec spec = small();
    const struct model_options options = {.classes = CLASSES,
                                          .size = SIZE,
                                          .max_batch = BATCH,
                                          .training = true,
                                          .freeze_batch_norm = freeze_batch_norm,
                                          .train = train,
                                          .unfreezes = unfreezes};
    struct model *m;
    struct error err;
    if (model_create(&m, &spec, &options, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    model_init(m, 5);
    return m;
}

static float *images(void)
{
    close_seed(160);
    return close_normal((size_t)BATCH * SIZE * SIZE * 3);
}

static void run_step(struct model *m, const float *x)
{
    static const int all[BATCH] = {0, 1, 2};
    float dlogits[BATCH * CLASSES];
    close_seed(161);
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] = (float)rng_normal(&close_rng);
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, all, BATCH);
}

/* The first parameter that learns, in a run with --train `name`. */
static int first_learning(const struct param_list *list, const char *prefix)
{
    for (int i = 0; i < list->n; i++)
        if (strncmp(list->item[i].name, prefix, strlen(prefix)) == 0)
            return i;
    fail_msg("no parameter %s", prefix);
    return -1;
}

static void
what_learns_gets_the_gradient_that_it_gets_in_a_network_that_learns_as_a_whole(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"head", "fc."},
                                           {"layer2", "layer2.0."},
                                           {"layer1.1", "layer1.1."},
                                           {"layer2,layer1.1", "layer1.1."},
                                           {"all", "conv1."}};
    float *x = images();
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct model *whole = create("all", false, true), *part = create(cases[c][0], false, true);
        struct param_list *want = model_params(whole), *got = model_params(part);
        run_step(whole, x);
        run_step(part, x);
        int first = first_learning(got, cases[c][1]);
        for (int i = 0; i < got->n; i++) {
            const struct param *p = &got->item[i];
            assert_int_equal(p->frozen, i < first);
            if (i < first)
                assert_null(p->grad);
            else if (param_is_trained(p))
                assert_memory_equal(p->grad, want->item[i].grad, p->size * sizeof *p->grad);
        }
        assert_int_equal(got->first_awake, 0);
        model_destroy(whole);
        model_destroy(part);
    }
    free(x);
}

static void frozen_weights_and_statistics_keep_their_bits(void **state)
{
    (void)state;
    const struct optimiser_options adamw = {.kind = OPTIMISER_ADAMW,
                                            .body_factor = 1,
                                            .beta1 = 0.9,
                                            .beta2 = 0.999,
                                            .epsilon = 1e-8,
                                            .weight_decay = 0.1};
    float *x = images();
    struct model *m = create("layer2", false, false), *fresh = create("layer2", false, false);
    struct param_list *list = model_params(m);
    struct optimiser o;
    struct error err;
    assert_int_equal(optimiser_create(&o, list, &adamw, &err), STATUS_OK);
    assert_int_equal(o.n, list->n_trained);
    for (int i = 0; i < 3; i++) {
        run_step(m, x);
        optimiser_step(&o, list, 1e-2);
    }
    int first = first_learning(list, "layer2.0.");
    for (int i = 0; i < list->n; i++) {
        const struct param *p = &list->item[i], *before = &model_params(fresh)->item[i];
        if (p->kind == PARAM_COUNTER)
            assert_int_equal(p->counter, i < first ? 0 : 3);
        else if (i < first)
            assert_memory_equal(p->data, before->data, p->size * sizeof *p->data);
        else
            assert_memory_not_equal(p->data, before->data, p->size * sizeof *p->data);
    }
    optimiser_destroy(&o);
    model_destroy(m);
    model_destroy(fresh);
    free(x);
}

static void what_wakes_up_begins_as_a_first_update_does(void **state)
{
    (void)state;
    const struct optimiser_options adam = {
        .kind = OPTIMISER_ADAM, .body_factor = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-12};
    float *x = images();
    struct model *m = create("head", true, true);
    struct param_list *list = model_params(m);
    struct optimiser o;
    struct error err;
    assert_int_equal(optimiser_create(&o, list, &adam, &err), STATUS_OK);
    assert_true(list->first_awake == list->first_head && list->first_head > 0);
    double *before = close_to_double(list->data, list->n_trained);
    for (int i = 0; i < 5; i++) {
        run_step(m, x);
        optimiser_step(&o, list, 1e-3);
    }
    for (size_t i = 0; i < list->first_head; i++)
        assert_true((double)list->data[i] == before[i]);
    assert_int_equal(o.woken_step, 0);
    model_unfreeze(m);
    assert_int_equal(list->first_awake, 0);
    run_step(m, x);
    optimiser_step(&o, list, 1e-3);
    assert_int_equal(o.woken_step, 1);
    assert_int_equal(o.step, 6);
    /* Adam's first update is the rate, with the gradient's sign. */
    const struct param *p = param_find(list, "conv1.weight");
    for (size_t i = 0; i < p->size; i++) {
        size_t at = (size_t)(p->data - list->data) + i;
        double moved = (double)p->data[i] - before[at];
        if (fabs((double)p->grad[i]) > 1e-6)
            assert_true(fabs(moved + copysign(1e-3, (double)p->grad[i])) < 1e-5);
    }
    free(before);
    optimiser_destroy(&o);
    model_destroy(m);
    free(x);
}

static void the_body_learns_at_its_own_rate(void **state)
{
    (void)state;
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .body_factor = 0.25};
    float *x = images();
    struct model *m = create("all", false, true);
    struct param_list *list = model_params(m);
    struct optimiser o;
    struct error err;
    assert_int_equal(optimiser_create(&o, list, &sgd, &err), STATUS_OK);
    run_step(m, x);
    double *before = close_to_double(list->data, list->n_trained);
    optimiser_step(&o, list, 0.5);
    for (size_t i = 0; i < list->n_trained; i++) {
        double step = (i < list->first_head ? 0.125 : 0.5) * (double)list->grad[i];
        double off = fabs((double)list->data[i] - (before[i] - step));
        assert_true(off <= 1e-6 * (1 + fabs(before[i]) + fabs(step)));
    }
    free(before);
    optimiser_destroy(&o);
    model_destroy(m);
    free(x);
}

static void features_and_the_classifier_are_the_network_in_two_parts(void **state)
{
    (void)state;
    static const int all[BATCH] = {0, 1, 2};
    float *x = images(), logits[BATCH * CLASSES], dlogits[BATCH * CLASSES];
    struct model *m = create("head", false, false), *other = create("head", false, false);
    int n = model_n_features(m);
    float *features = close_floats((size_t)BATCH * (size_t)n);
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] = (float)(i - 5);
    memcpy(logits, model_forward(other, x, BATCH, MODEL_TRAIN), sizeof logits);
    model_backward(other, dlogits, all, BATCH);
    for (int i = 0; i < BATCH; i++) /* one by one: no bit depends on the others */
        model_compute_features(m, features + i * n, x + (size_t)i * SIZE * SIZE * 3, 1);
    assert_memory_equal(model_classify_features(m, features, BATCH, MODEL_TRAIN), logits,
                        sizeof logits);
    model_backward(m, dlogits, all, BATCH);
    assert_true(model_samples_independent(m));
    assert_memory_equal(model_params(m)->grad, model_params(other)->grad,
                        model_params(m)->n_trained * sizeof(float));
    free(features);
    free(x);
    model_destroy(m);
    model_destroy(other);
}

static void a_name_that_is_no_block_is_refused_with_what_was_probably_meant(void **state)
{
    (void)state;
    const struct model_spec spec = small();
    struct model_options options = {
        .classes = CLASSES, .size = SIZE, .max_batch = 1, .training = true};
    struct model *m;
    struct error err;
    options.train = "layr2";
    assert_int_equal(model_create(&m, &spec, &options, &err), STATUS_USAGE);
    assert_non_null(strstr(err.message, "\"layr2\""));
    assert_non_null(strstr(err.message, "did you mean \"layer2\"?"));
    options.train = "layer2,";
    assert_int_equal(model_create(&m, &spec, &options, &err), STATUS_USAGE);
}

static void freezing_saves_the_gradients_and_activations_of_what_is_frozen(void **state)
{
    (void)state;
    static const char *const train[] = {"all", "layer2", "head"};
    const struct model_spec spec = small();
    struct model_summary s[3];
    struct error err;
    for (int i = 0; i < 3; i++) {
        const struct model_options options = {.classes = CLASSES,
                                              .size = SIZE,
                                              .max_batch = BATCH,
                                              .training = true,
                                              .train = train[i]};
        assert_int_equal(model_summarise(&s[i], &spec, &options, &err), STATUS_OK);
    }
    for (int i = 1; i < 3; i++) {
        assert_true(s[i].gradient_bytes < s[i - 1].gradient_bytes);
        assert_true(s[i].activation_bytes < s[i - 1].activation_bytes);
        assert_int_equal(s[i].parameters, s[0].parameters);
    }
    for (int i = 0; i < 3; i++)
        model_summary_free(&s[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_learns_gets_the_gradient_that_it_gets_in_a_network_that_learns_as_a_whole),
        cmocka_unit_test(frozen_weights_and_statistics_keep_their_bits),
        cmocka_unit_test(what_wakes_up_begins_as_a_first_update_does),
        cmocka_unit_test(the_body_learns_at_its_own_rate),
        cmocka_unit_test(features_and_the_classifier_are_the_network_in_two_parts),
        cmocka_unit_test(a_name_that_is_no_block_is_refused_with_what_was_probably_meant),
        cmocka_unit_test(freezing_saves_the_gradients_and_activations_of_what_is_frozen),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
