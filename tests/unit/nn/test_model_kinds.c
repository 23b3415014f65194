/* What model.h promises, of every kind of block with every value of its keys that has a path of its
 * own: threads, selection, evaluation, class
 * activation maps, networks of which a part learns. (That the numbers are right
 * is test_networks'.) */
#include "nn/model.h"

#include "base/parallel.h"
#include "nn/block_kinds.h"

#include "math/close.h"

#include <string.h>

enum { SIZE = 22, BATCH = 4, CLASSES = 3 };
static bool keeps_halves; /* of the networks that create makes */

static const struct kind {
    const char *what;
    const struct block_kind *kind;
    int value[BLOCK_MAX_KEYS];
} KINDS[] = {
    {"basic", &block_basic, {0}},
    {"basic, shortcuts with a pool", &block_basic, {1}},
    {"bottleneck", &block_bottleneck, {0, 4, 0}},
    {"bottleneck, first strides, shortcuts with a pool", &block_bottleneck, {1, 2, 1}},
    {"inverted", &block_inverted, {3, 2}},
    {"res2net of Paddle", &block_res2net, {64, 4, 1, 1, 0}},
    {"res2net of timm", &block_res2net, {64, 4, 1, 0, 1}},
    {"res2net of two groups", &block_res2net, {64, 2, 0, 0, 1}},
};
enum { N_KINDS = sizeof KINDS / sizeof KINDS[0] };

/* Blocks that change the number of channels, the size, and nothing. */
static struct model_spec network(const struct kind *k, enum norm_kind norm)
{
    struct model_spec s = {
        .name = "small",
        .stem = {{.width = 8, .kernel = 3, .stride = 1, .padding = 1, .groups = 1}},
        .n_stem = 1,
        .pool = {3, 2, 1},
        .block = k->kind,
        .stage = {{.blocks = 2, .width = 16, .stride = 1}, {.blocks = 2, .width = 32, .stride = 2}},
        .n_stages = 2,
        .norm = {norm, 4, 1e-5, 0.1},
        .activation = KERNELS_RELU};
    for (int i = 0; i < s.n_stages; i++)
        memcpy(s.stage[i].value, k->value, sizeof k->value);
    return s;
}

static struct model *create(const struct kind *k, enum norm_kind norm, bool training,
                            const char *train)
{
    const struct model_spec spec = network(k, norm);
    const struct model_options options = {.classes = CLASSES,
                                          .size = SIZE,
                                          .max_batch = BATCH,
                                          .training = training,
                                          .freeze_batch_norm = training,
                                          .keeps_halves = training && keeps_halves,
                                          .train = train};
    struct model *m;
    struct error err;
    if (model_create(&m, &spec, &options, &err) != STATUS_OK)
        fail_msg("%s: %s", k->what, err.message);
    model_init(m, 7);
    return m;
}

static float *images(void)
{
    return close_normal((size_t)BATCH * SIZE * SIZE * 3);
}

static void random_dlogits(float dlogits[BATCH * CLASSES])
{
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] = (float)rng_normal(&close_rng);
}

static const int every[BATCH] = {0, 1, 2, 3};
/* Frozen BatchNorm and GroupNorm: samples do not influence each other. */
static const enum norm_kind NORMS[] = {NORM_BATCH, NORM_GROUP, NORM_NONE};

static void for_each(void (*check)(const struct kind *k, enum norm_kind norm))
{
    struct error err;
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    for (int i = 0; i < N_KINDS; i++)
        for (int n = 0; n < 3; n++)
            for (int halves = 0; halves < 2; halves++) {
                keeps_halves = halves;
                close_seed(170);
                check(&KINDS[i], NORMS[n]);
            }
    keeps_halves = false;
}

static float *gradient_on(int threads, const struct kind *k, enum norm_kind norm, size_t *n)
{
    float dlogits[BATCH * CLASSES];
    struct error err;
    close_seed(171);
    assert_int_equal(parallel_start(threads, &err), STATUS_OK);
    struct model *m = create(k, norm, true, NULL);
    float *x = images();
    random_dlogits(dlogits);
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, every, BATCH);
    *n = model_params(m)->n_trained;
    float *grad = close_floats(*n);
    memcpy(grad, model_params(m)->grad, *n * sizeof *grad);
    free(x);
    model_destroy(m);
    return grad;
}

static void check_threads(const struct kind *k, enum norm_kind norm)
{
    static const int threads[] = {2, 3, 5};
    size_t n;
    float *one = gradient_on(1, k, norm, &n);
    for (int i = 0; i < 3; i++) {
        float *many = gradient_on(threads[i], k, norm, &n);
        if (memcmp(one, many, n * sizeof *one) != 0)
            fail_msg("%s: other bits on %d threads", k->what, threads[i]);
        free(many);
    }
    free(one);
}

static void gradients_have_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    for_each(check_threads);
}

static void check_selection(const struct kind *k, enum norm_kind norm)
{
    static const int some[] = {1, 3};
    float dlogits[BATCH * CLASSES];
    struct model *m = create(k, norm, true, NULL);
    struct param_list *list = model_params(m);
    float *x = images();
    random_dlogits(dlogits);
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] *= i / CLASSES % 2 == 1 ? 1 : 0;
    assert_true(model_samples_independent(m));
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, every, BATCH);
    double *full = close_to_double(list->grad, list->n_trained);
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, some, 2);
    double far = close_distance(list->grad, full, list->n_trained);
    if (!(far <= 2e-6)) /* sums of the same numbers, cut into other pieces */
        fail_msg("%s: %.1e away", k->what, far);
    free(full);
    free(x);
    model_destroy(m);
}

static void leaving_out_samples_gives_the_gradient_of_zero_weights_for_them(void **state)
{
    (void)state;
    for_each(check_selection);
}

static void check_evaluation(const struct kind *k, enum norm_kind norm)
{
    float logits[BATCH * CLASSES];
    struct model *training = create(k, norm, true, NULL), *plain = create(k, norm, false, NULL);
    float *x = images();
    memcpy(logits, model_forward(training, x, BATCH, MODEL_TRAIN), sizeof logits);
    assert_memory_equal(logits, model_forward(training, x, BATCH, MODEL_EVAL), sizeof logits);
    assert_memory_equal(logits, model_forward(plain, x, BATCH, MODEL_EVAL), sizeof logits);
    /* One by one: no bit depends on the rest of the batch. */
    for (int i = 0; i < BATCH; i++)
        assert_memory_equal(model_forward(plain, x + (size_t)i * SIZE * SIZE * 3, 1, MODEL_EVAL),
                            logits + i * CLASSES, CLASSES * sizeof *logits);
    free(x);
    model_destroy(training);
    model_destroy(plain);
}

static void
frozen_norms_compute_in_training_what_evaluation_computes_without_its_memory(void **state)
{
    (void)state;
    for_each(check_evaluation);
}

static const struct param *parameter(struct model *m, const char *name)
{
    for (int i = 0; i < model_params(m)->n; i++)
        if (strcmp(model_params(m)->item[i].name, name) == 0)
            return &model_params(m)->item[i];
    return NULL;
}

/* The map shows what a logit is the mean of. */
static void check_map(const struct kind *k, enum norm_kind norm)
{
    struct model *m = create(k, norm, false, NULL);
    const struct param *bias = parameter(m, "fc.bias");
    const struct shape s = model_activation_shape(m);
    float *x = images(), *activation = close_filled(BATCH * shape_floats(s), 7), *map;
    float plain[BATCH * CLASSES], logits[BATCH * CLASSES];
    map = close_filled(shape_pixels(s), 7);
    bias = bias ? bias : parameter(m, "classifier.bias");
    assert_non_null(bias);
    assert_true(s.height > 1 && s.width > 1);
    memcpy(plain, model_forward(m, x, BATCH, MODEL_EVAL), sizeof plain);
    memcpy(logits, model_forward_activation(m, activation, x, BATCH), sizeof logits);
    assert_memory_equal(logits, plain, sizeof plain);
    for (int i = 0; i < BATCH * CLASSES; i++) {
        double sum = 0, want = logits[i];
        model_activation_map(m, map, activation + i / CLASSES * shape_floats(s), i % CLASSES);
        for (size_t p = 0; p < shape_pixels(s); p++)
            sum += (double)map[p];
        float got = (float)(sum / (double)shape_pixels(s) + (double)bias->data[i % CLASSES]);
        if (close_distance(&got, &want, 1) > 1e-5) /* the average is rounded to floats */
            fail_msg("%s: the map's mean is %g, the logit %g", k->what, (double)got, want);
    }
    free(map);
    free(activation);
    free(x);
    model_destroy(m);
}

static void the_mean_of_a_classs_activation_map_and_its_bias_are_the_logit(void **state)
{
    (void)state;
    for_each(check_map);
}

static void check_part(const struct kind *k, enum norm_kind norm)
{
    static const char *const train_resnet[] = {"layer2", "layer2.1", "layer1.1"},
                             *const train_inverted[] = {"blocks.1", "blocks.1.1", "blocks.0.1"};
    const char *const *train = k->kind == &block_inverted ? train_inverted : train_resnet;
    float dlogits[BATCH * CLASSES];
    struct model *whole = create(k, norm, true, "all");
    float *x = images();
    random_dlogits(dlogits);
    model_forward(whole, x, BATCH, MODEL_TRAIN);
    model_backward(whole, dlogits, every, BATCH);
    for (int i = 0; i < 3; i++) {
        struct model *part = create(k, norm, true, train[i]);
        model_forward(part, x, BATCH, MODEL_TRAIN);
        model_backward(part, dlogits, every, BATCH);
        int n_learning = 0;
        for (int j = 0; j < model_params(part)->n; j++) {
            const struct param *p = &model_params(part)->item[j],
                               *want = &model_params(whole)->item[j];
            if (!p->grad)
                continue;
            n_learning++;
            assert_memory_equal(p->grad, want->grad, p->size * sizeof *p->grad);
        }
        assert_true(n_learning > 3);
        model_destroy(part);
    }
    free(x);
    model_destroy(whole);
}

static void what_learns_gets_the_gradient_of_a_network_that_learns_as_a_whole(void **state)
{
    (void)state;
    for_each(check_part);
}

/* A second forward of the same batch, for the samples that another pass has chosen, finds nothing
 * that the first step's backward has left. */
static void check_repetition(const struct kind *k, enum norm_kind norm)
{
    float dlogits[BATCH * CLASSES];
    struct model *m = create(k, norm, true, NULL);
    struct param_list *list = model_params(m);
    float *x = images();
    random_dlogits(dlogits);
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, every, BATCH);
    float *first = close_floats(list->n_trained);
    memcpy(first, list->grad, list->n_trained * sizeof *first);
    model_forward(m, x, BATCH, MODEL_TRAIN_RECOMPUTE);
    model_backward(m, dlogits, every, BATCH);
    assert_memory_equal(first, list->grad, list->n_trained * sizeof *first);
    free(first);
    free(x);
    model_destroy(m);
}

static void a_step_repeated_has_the_same_bits(void **state)
{
    (void)state;
    for_each(check_repetition);
}

/* ---- activations that are kept as halves ---- */

/* With BatchNorm in training, frozen and none, and GroupNorm. */
static struct model *create_half(const struct kind *k, int norm, bool halves)
{
    static const struct {
        enum norm_kind kind;
        bool frozen;
    } CASES[] = {{NORM_BATCH, false}, {NORM_BATCH, true}, {NORM_GROUP, false}, {NORM_NONE, false}};
    const struct model_spec spec = network(k, CASES[norm].kind);
    const struct model_options options = {.classes = CLASSES,
                                          .size = SIZE,
                                          .max_batch = BATCH,
                                          .training = true,
                                          .freeze_batch_norm = CASES[norm].frozen,
                                          .keeps_halves = halves};
    struct model *m;
    struct error err;
    if (model_create(&m, &spec, &options, &err) != STATUS_OK)
        fail_msg("%s: %s", k->what, err.message);
    model_init(m, 7);
    return m;
}

/* The training logits to the bit, for forward computes with floats; and the gradient, which is that
 * of numbers of 11 bits: each of a few layers adds 2^-12 of what it reads, at random. */
static void gradients_from_halves_are_near_those_from_floats(void **state)
{
    (void)state;
    double farthest = 0;
    for (int i = 0; i < N_KINDS; i++)
        for (int norm = 0; norm < 4; norm++) {
            float dlogits[BATCH * CLASSES], logits[BATCH * CLASSES];
            close_seed(172);
            struct model *plain = create_half(&KINDS[i], norm, false),
                         *half = create_half(&KINDS[i], norm, true);
            size_t n = model_params(plain)->n_trained;
            float *x = images();
            random_dlogits(dlogits);
            memcpy(logits, model_forward(plain, x, BATCH, MODEL_TRAIN), sizeof logits);
            model_backward(plain, dlogits, every, BATCH);
            assert_memory_equal(model_forward(half, x, BATCH, MODEL_TRAIN), logits, sizeof logits);
            model_backward(half, dlogits, every, BATCH);
            double *want = close_to_double(model_params(plain)->grad, n);
            double far = close_distance(model_params(half)->grad, want, n);
            if (!(far > 0 && far < 1e-3))
                fail_msg("%s, norm %d: %.1e away", KINDS[i].what, norm, far);
            farthest = far > farthest ? far : farthest;
            assert_int_equal(model_saturated(half), 0);
            free(want);
            free(x);
            model_destroy(plain);
            model_destroy(half);
        }
    print_message("  at most %.1e away\n", farthest);
}

static uint64_t saturated_on(int threads, float factor)
{
    float dlogits[BATCH * CLASSES];
    struct error err;
    close_seed(173);
    assert_int_equal(parallel_start(threads, &err), STATUS_OK);
    struct model *m = create_half(&KINDS[0], 3, true);
    float *x = images();
    for (int i = 0; i < BATCH * SIZE * SIZE * 3; i++)
        x[i] *= factor;
    random_dlogits(dlogits);
    model_forward(m, x, BATCH, MODEL_EVAL); /* keeps nothing */
    assert_int_equal(model_saturated(m), 0);
    model_forward(m, x, BATCH, MODEL_TRAIN);
    model_backward(m, dlogits, every, BATCH);
    for (size_t i = 0; i < model_params(m)->n_trained; i++)
        assert_true(isfinite(model_params(m)->grad[i]));
    uint64_t n = model_saturated(m);
    model_destroy(m);
    free(x);
    return n;
}

static void what_is_too_large_for_a_half_is_counted(void **state)
{
    (void)state;
    assert_int_equal(saturated_on(1, 1), 0);
    uint64_t n = saturated_on(1, 1e5f);
    assert_true(n > 0);
    assert_int_equal(saturated_on(3, 1e5f), n);
}

static void halves_take_less_memory(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        const struct model_spec spec = network(&KINDS[i], NORM_BATCH);
        struct model_options options = {
            .classes = CLASSES, .size = 64, .max_batch = 32, .training = true};
        struct model_summary plain, half;
        struct error err;
        assert_int_equal(model_summarise(&plain, &spec, &options, &err), STATUS_OK);
        options.keeps_halves = true;
        assert_int_equal(model_summarise(&half, &spec, &options, &err), STATUS_OK);
        double share = (double)half.activation_bytes / (double)plain.activation_bytes;
        print_message("  %s: %.2f\n", KINDS[i].what, share);
        assert_true(share < 0.95);
        model_summary_free(&plain);
        model_summary_free(&half);
    }
}

static int stop(void **state)
{
    (void)state;
    parallel_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(leaving_out_samples_gives_the_gradient_of_zero_weights_for_them),
        cmocka_unit_test(
            frozen_norms_compute_in_training_what_evaluation_computes_without_its_memory),
        cmocka_unit_test(the_mean_of_a_classs_activation_map_and_its_bias_are_the_logit),
        cmocka_unit_test(what_learns_gets_the_gradient_of_a_network_that_learns_as_a_whole),
        cmocka_unit_test(a_step_repeated_has_the_same_bits),
        cmocka_unit_test(gradients_from_halves_are_near_those_from_floats),
        cmocka_unit_test(what_is_too_large_for_a_half_is_counted),
        cmocka_unit_test(halves_take_less_memory),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
