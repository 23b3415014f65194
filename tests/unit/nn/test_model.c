/* The whole network: its gradient beside finite differences of the double-precision twin, and what
 * model.h promises about modes, selection, threads, memory and errors. */
#include "nn/model.h"

#include "base/parallel.h"
#include "nn/atk.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

#include "dies.h"
#include "failing_alloc.h"
#include "nn/reference_model.h"
#include "nn/small_network.h"
#include "nn/threads.h"

#include <dirent.h>
#include <string.h>

enum { K = 2 };

static float *images(void)
{
    return close_normal((size_t)BATCH * SIZE * SIZE * 3);
}

static const int labels[BATCH] = {0, 2, 1, 0};

/* A step up to the gradient, with loss ATk; returns the loss. */
static double run_gradient(struct model *m, const float *x, int *selected)
{
    float losses[BATCH], weight[BATCH], dlogits[BATCH * CLASSES];
    int scratch[BATCH];
    const float *logits = model_forward(m, x, BATCH, MODEL_TRAIN);
    loss_cross_entropy(losses, dlogits, NULL, logits, labels, BATCH, CLASSES, NULL);
    int k = atk_select(weight, selected, losses, BATCH, K, scratch);
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] *= weight[i / CLASSES];
    model_backward(m, dlogits, selected, k);
    return atk_mean(losses, selected, k);
}

struct twin {
    struct reference_model model;
    const int *selected;
};

static double twin_loss(void *context)
{
    struct twin *t = context;
    double logits[BATCH * CLASSES], sum = 0;
    reference_logits(&t->model, logits);
    for (int i = 0; i < K; i++)
        sum += reference_cross_entropy(logits + t->selected[i] * CLASSES, labels[t->selected[i]],
                                       CLASSES);
    return sum / K;
}

/* Some entries of each parameter, relative to its largest gradient among them. */
static void compare_gradients(struct model *m, struct twin *t)
{
    enum { ENTRIES = 3 };
    for (int i = 0; i < model_params(m)->n; i++) {
        const struct param *p = &model_params(m)->item[i];
        if (!param_is_trained(p))
            continue;
        float got[ENTRIES];
        double want[ENTRIES];
        for (int j = 0; j < ENTRIES; j++) {
            size_t at = rng_below(&close_rng, p->size);
            got[j] = p->grad[at];
            want[j] = reference_slope(twin_loss, t, &t->model.value[i][at]);
        }
        /* Float32 through nine layers; and now and then a step goes over the kink of a relu and is
         * off by a share of one pixel's part in the sum. */
        close_check(got, want, ENTRIES, 1e-4, p->name, __FILE__, __LINE__);
    }
}

static void compare_with_twin(const struct model_spec *spec)
{
    close_seed(110);
    struct model *m = create(spec, true);
    float *x = images();
    double *x_twin = close_to_double(x, (size_t)BATCH * SIZE * SIZE * 3);
    int selected[BATCH];
    struct twin t = {.selected = selected};
    reference_model_create(&t.model, spec, model_params(m));
    t.model.x = x_twin;
    t.model.batch = BATCH;
    t.model.size = SIZE;
    t.model.classes = CLASSES;
    double loss = run_gradient(m, x, selected);
    assert_true(fabs(loss - twin_loss(&t)) < 1e-5 * loss);
    compare_gradients(m, &t);
    reference_model_destroy(&t.model);
    model_destroy(m);
    free(x);
    free(x_twin);
}

static void the_gradient_of_atk_is_that_of_finite_differences_of_the_twin(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++) {
        for (int pool = 0; pool <= 3; pool += 3) {
            const struct model_spec spec = small(NORMS[n], pool);
            compare_with_twin(&spec);
        }
        const struct model_spec spec = mobile(NORMS[n]);
        compare_with_twin(&spec);
    }
}

/* The first block's input is several times as large as all other activations, and so is one of the
 * two gradient buffers: which one depends on how many blocks swap them (those with a shortcut) and
 * on the stem. BatchNorm: every sample counts. */
static void gradient_buffers_of_different_sizes_are_each_large_enough(void **state)
{
    (void)state;
    for (int width = 8; width <= 32; width += 24)
        for (int blocks = 1; blocks <= 2; blocks++) {
            struct model_spec spec = small(NORM_BATCH, 3);
            spec.stem[0].width = width;
            spec.n_stem = 1;
            spec.pool.stride = 4;
            spec.stage[0].blocks = blocks;
            compare_with_twin(&spec);
            spec.pool.kernel = 0;
            spec.stage[0].stride = 4;
            compare_with_twin(&spec);
        }
}

static void leaving_out_samples_gives_the_gradient_of_zero_weights_for_them(void **state)
{
    (void)state;
    static const int every[BATCH] = {0, 1, 2, 3}, some[] = {1, 3};
    for (int n = 0; n < 3; n++) {
        close_seed(111);
        const struct model_spec spec = small(NORMS[n], 3);
        struct model *m = create(&spec, true);
        struct param_list *params = model_params(m);
        float *x = images(), dlogits[BATCH * CLASSES] = {0};
        for (int i = 0; i < 2 * CLASSES; i++)
            dlogits[some[i / CLASSES] * CLASSES + i % CLASSES] = (float)rng_normal(&close_rng);
        assert_int_equal(model_samples_independent(m), NORMS[n] != NORM_BATCH);
        model_forward(m, x, BATCH, MODEL_TRAIN);
        model_backward(m, dlogits, every, BATCH);
        double *full = close_to_double(params->grad, params->n_trained);
        model_forward(m, x, BATCH, MODEL_TRAIN);
        model_backward(m, dlogits, some, 2);
        /* Sums of the same numbers, cut into other pieces. */
        assert_close(params->grad, full, params->n_trained, 2e-6);
        free(full);
        free(x);
        model_destroy(m);
    }
}

/* sum(dlogits * logits) of an evaluation. */
static double evaluated(struct model *m, const float *x, const float *dlogits)
{
    const float *logits = model_forward(m, x, BATCH, MODEL_EVAL);
    double sum = 0;
    for (int i = 0; i < BATCH * CLASSES; i++)
        sum += (double)logits[i] * dlogits[i];
    return sum;
}

static void frozen_batch_norm_trains_what_evaluation_computes_and_keeps_its_statistics(void **state)
{
    (void)state;
    close_seed(118);
    static const int some[] = {0, 3};
    const struct model_spec spec = small(NORM_BATCH, 3);
    struct model_options opt = TRAINING;
    struct model *m;
    struct error err;
    opt.freeze_batch_norm = true;
    assert_int_equal(model_create(&m, &spec, &opt, &err), STATUS_OK);
    model_init(m, 1);
    struct param_list *params = model_params(m);
    for (int i = 0; i < params->n; i++)
        for (size_t j = 0; params->item[i].kind == PARAM_BUFFER && j < params->item[i].size; j++)
            params->item[i].data[j] = (float)(0.5 + rng_uniform(&close_rng));
    float *x = images(), first[BATCH * CLASSES], dlogits[BATCH * CLASSES] = {0};
    for (int i = 0; i < 2 * CLASSES; i++)
        dlogits[some[i / CLASSES] * CLASSES + i % CLASSES] = (float)rng_normal(&close_rng);

    assert_true(model_samples_independent(m));
    memcpy(first, model_forward(m, x, BATCH, MODEL_EVAL), sizeof first);
    assert_memory_equal(first, model_forward(m, x, BATCH, MODEL_TRAIN), sizeof first);
    model_backward(m, dlogits, some, 2);
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        assert_int_equal(p->counter, 0);
        if (p->kind == PARAM_BUFFER)
            continue;
        for (size_t j = 0; j < p->size; j += p->size / 2 + 1) {
            const float step = 1e-3f, value = p->data[j];
            p->data[j] = value + step;
            double above = evaluated(m, x, dlogits);
            p->data[j] = value - step;
            double slope = (above - evaluated(m, x, dlogits)) / (2 * (double)step);
            p->data[j] = value;
            /* float32 logits over a step of 1e-3, and a relu may flip on the way */
            assert_true(fabs(slope - (double)p->grad[j]) < 0.02 * (1 + fabs(slope)));
        }
    }
    free(x);
    model_destroy(m);
}

static void full_backward_gives_what_the_selected_samples_give(void **state)
{
    (void)state;
    close_seed(119);
    const struct model_spec spec = small(NORM_GROUP, 3);
    struct model_options opt = TRAINING;
    struct model *full, *skipping = create(&spec, true);
    struct error err;
    opt.full_backward = true;
    assert_int_equal(model_create(&full, &spec, &opt, &err), STATUS_OK);
    model_init(full, 1);
    float *x = images();
    int selected[BATCH];
    assert_true(run_gradient(full, x, selected) == run_gradient(skipping, x, selected));
    size_t n = model_params(full)->n_trained;
    double *want = close_to_double(model_params(full)->grad, n);
    assert_close(model_params(skipping)->grad, want, n, 2e-6); /* sums in other pieces */
    free(want);
    free(x);
    model_destroy(full);
    model_destroy(skipping);
}

static void evaluation_changes_nothing_and_needs_no_training_memory(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++) {
        close_seed(112);
        const struct model_spec spec = small(NORMS[n], 3);
        struct model *trained = create(&spec, true), *plain = create(&spec, false);
        struct param_list *from = model_params(trained), *to = model_params(plain);
        float *x = images(), first[BATCH * CLASSES];
        int selected[BATCH];
        run_gradient(trained, x, selected); /* moves running statistics away from 0 and 1 */
        assert_int_equal(from->n, to->n);
        for (int i = 0; i < from->n; i++) {
            struct param *p = &from->item[i];
            assert_null(to->item[i].grad);
            if (p->size > 0)
                memcpy(to->item[i].data, p->data, p->size * sizeof *p->data);
        }
        memcpy(first, model_forward(trained, x, BATCH, MODEL_EVAL), sizeof first);
        assert_memory_equal(first, model_forward(plain, x, BATCH, MODEL_EVAL), sizeof first);
        for (int i = 0; i < from->n; i++) {
            const struct param *p = &from->item[i];
            assert_int_equal(p->counter, p->kind == PARAM_COUNTER ? 1 : 0);
            if (p->size > 0)
                assert_memory_equal(to->item[i].data, p->data, p->size * sizeof *p->data);
        }
        /* One by one: evaluation does not depend on the rest of the batch. */
        for (int i = 0; i < BATCH; i++) {
            const float *logits =
                model_forward(plain, x + (size_t)i * SIZE * SIZE * 3, 1, MODEL_EVAL);
            double want[CLASSES];
            for (int j = 0; j < CLASSES; j++)
                want[j] = first[i * CLASSES + j];
            assert_close(logits, want, CLASSES, 2e-6);
        }
        free(x);
        model_destroy(trained);
        model_destroy(plain);
    }
}

static const struct optimiser_options adam_options = {
    .kind = OPTIMISER_ADAM, .body_factor = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

struct result {
    float logits[BATCH * CLASSES], *grad, *data;
    size_t n;
};

static struct result run_three_steps(int threads, const struct model_spec *spec)
{
    struct error err;
    assert_int_equal(parallel_start(threads, &err), STATUS_OK);
    close_seed(113);
    struct model *m = create(spec, true);
    struct param_list *params = model_params(m);
    struct optimiser adam;
    assert_int_equal(optimiser_create(&adam, params, &adam_options, &err), STATUS_OK);
    float *x = images();
    int selected[BATCH];
    for (int step = 0; step < 3; step++) {
        run_gradient(m, x, selected);
        optimiser_step(&adam, params, 1e-3);
    }
    struct result r = {.n = params->n_trained};
    r.grad = close_floats(r.n);
    r.data = close_floats(r.n);
    memcpy(r.grad, params->grad, r.n * sizeof *r.grad);
    memcpy(r.data, params->data, r.n * sizeof *r.data);
    memcpy(r.logits, model_forward(m, x, BATCH, MODEL_EVAL), sizeof r.logits);
    free(x);
    optimiser_destroy(&adam);
    model_destroy(m);
    return r;
}

static void logits_gradients_and_weights_have_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const int threads[] = {2, 3, 5};
    struct error err;
    for (int n = 0; n < 3; n++) {
        struct model_spec spec = small(NORMS[n], 3);
        spec.stage[1].width = 32; /* multiples of 16: the fast methods, too */
        spec.stage[0].width = 16;
        struct result one = run_three_steps(1, &spec);
        for (int i = 0; i < 3; i++) {
            struct result r = run_three_steps(threads[i], &spec);
            assert_memory_equal(r.logits, one.logits, sizeof one.logits);
            assert_memory_equal(r.grad, one.grad, one.n * sizeof *one.grad);
            assert_memory_equal(r.data, one.data, one.n * sizeof *one.data);
            free(r.grad);
            free(r.data);
        }
        free(one.grad);
        free(one.data);
    }
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
}

static void any_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    const struct model_spec spec = small(NORM_BATCH, 3);
    struct model *m;
    struct model_summary s;
    struct error err;
    FAILING_ALLOC_EACH(model_create(&m, &spec, &TRAINING, &err), &err)
        assert_null(m);
    model_destroy(m);
    FAILING_ALLOC_EACH(model_summarise(&s, &spec, &TRAINING, &err), &err)
        assert_null(s.layers.row);
    model_summary_free(&s);
}

#ifndef NDEBUG
static void call_backward(void *context)
{
    const float dlogits[BATCH * CLASSES] = {1};
    const int selected[] = {0};
    model_backward(context, dlogits, selected, 1);
}

static void call_forward(void *context)
{
    float *x = images();
    model_forward(context, x, BATCH, MODEL_TRAIN);
    free(x);
}

/* An evaluation destroys what the training forward kept. */
static void backward_without_a_training_forward_just_before_is_an_assertion(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(parallel_start(1, &err), STATUS_OK);
    const struct model_spec spec = small(NORM_GROUP, 3);
    struct model *m = create(&spec, true), *plain = create(&spec, false);
    float *x = images();
    assert_true(dies(call_backward, m));
    model_forward(m, x, BATCH, MODEL_TRAIN);
    assert_false(dies(call_backward, m));
    model_forward(m, x, 1, MODEL_EVAL);
    assert_true(dies(call_backward, m));
    model_forward(m, x, BATCH, MODEL_TRAIN_RECOMPUTE);
    assert_false(dies(call_backward, m));
    assert_true(dies(call_forward, plain));
    free(x);
    model_destroy(m);
    model_destroy(plain);
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
}
#endif

static void images_too_small_for_an_even_filter_are_refused(void **state)
{
    (void)state;
    struct model_spec spec = small(NORM_NONE, 0);
    spec.stem[0] = (struct conv_spec){.width = 8, .kernel = 4, .stride = 4, .groups = 1};
    const struct model_options opt = {.classes = 2, .size = 3, .max_batch = 1, .training = true};
    struct model *m;
    struct error err;
    assert_int_equal(model_create(&m, &spec, &opt, &err), STATUS_USAGE);
    assert_null(m);
    assert_string_equal(err.message, "images of 3 x 3 are too small for this network");
}

/* BLAS on threads of its own would sum in an order that depends on them, and idle ones spin. */
static void no_threads_run_but_the_pool(void **state)
{
    const struct model_spec spec = small(NORM_BATCH, 3);
    (void)state;
    struct model *m = create(&spec, true);
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;)
        n += task->d_name[0] != '.';
    closedir(tasks);
    assert_int_equal(n, parallel_threads());
    model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_of_atk_is_that_of_finite_differences_of_the_twin),
        cmocka_unit_test(gradient_buffers_of_different_sizes_are_each_large_enough),
        cmocka_unit_test(leaving_out_samples_gives_the_gradient_of_zero_weights_for_them),
        cmocka_unit_test(
            frozen_batch_norm_trains_what_evaluation_computes_and_keeps_its_statistics),
        cmocka_unit_test(full_backward_gives_what_the_selected_samples_give),
        cmocka_unit_test(evaluation_changes_nothing_and_needs_no_training_memory),
        cmocka_unit_test(logits_gradients_and_weights_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(any_failing_allocation_is_a_clean_error),
#ifndef NDEBUG
        cmocka_unit_test(backward_without_a_training_forward_just_before_is_an_assertion),
#endif
        cmocka_unit_test(no_threads_run_but_the_pool),
        cmocka_unit_test(images_too_small_for_an_even_filter_are_refused),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
