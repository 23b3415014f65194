/* After the first step model, loss and optimiser allocate nothing: with any method of convolution,
 * normalisation, optimiser and number of threads. What a thread allocates counts too. */
#include "nn/model.h"

#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/atk.h"
#include "nn/block_kinds.h"
#include "nn/clip.h"
#include "nn/ema.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

#include "failing_alloc.h"
#include "math/close.h"

enum { SIZE = 32, BATCH = 3, CLASSES = 3, K = 2 };

/* Channels and images that each method fits: 3x3 of 16 channels at 16x16 and strided, 1x1. */
static struct model_spec network(enum norm_kind norm)
{
    return (struct model_spec){.name = "small",
                               .stem = {{16, 7, 2, 3, 1}},
                               .n_stem = 1,
                               .pool = {3, 1, 1},
                               .block = &block_basic,
                               .stage = {{1, 16, 1, {0}}, {1, 32, 2, {0}}},
                               .n_stages = 2,
                               .norm = {norm, 4, 1e-5, 0.1},
                               .activation = KERNELS_RELU};
}

struct training {
    struct model *model;
    struct optimiser optimiser;
    struct clip clip;
    struct ema ema;
    float *x;
};

static void create(struct training *t, enum norm_kind norm, enum conv2d_choice method,
                   enum optimiser_kind kind)
{
    const struct model_spec spec = network(norm);
    const struct model_options options = {.classes = CLASSES,
                                          .size = SIZE,
                                          .max_batch = BATCH,
                                          .training = true,
                                          .convolutions = method};
    const struct optimiser_options update = {.body_factor = 1,
                                             .kind = kind,
                                             .beta1 = 0.9,
                                             .beta2 = 0.999,
                                             .epsilon = 1e-8,
                                             .momentum = 0.9};
    struct error err;
    *t = (struct training){.x = close_normal((size_t)BATCH * SIZE * SIZE * 3)};
    assert_int_equal(model_create(&t->model, &spec, &options, &err), STATUS_OK);
    struct param_list *params = model_params(t->model);
    assert_int_equal(optimiser_create(&t->optimiser, params, &update, &err), STATUS_OK);
    assert_int_equal(clip_create(&t->clip, params, &err), STATUS_OK);
    assert_int_equal(ema_create(&t->ema, params, 0.99, &err), STATUS_OK);
    model_init(t->model, 1);
}

static void destroy(struct training *t)
{
    ema_destroy(&t->ema);
    clip_destroy(&t->clip);
    optimiser_destroy(&t->optimiser);
    model_destroy(t->model);
    free(t->x);
}

static void step(struct training *t)
{
    static const int label[BATCH] = {0, 2, 1};
    static const float class_weight[CLASSES] = {1, 2, 0.5f};
    static const struct loss_options loss = {.class_weight = class_weight, .smoothing = 0.1};
    struct param_list *params = model_params(t->model);
    float losses[BATCH], weight[BATCH], dlogits[BATCH * CLASSES];
    int selected[BATCH], scratch[BATCH];
    const float *logits = model_forward(t->model, t->x, BATCH, MODEL_TRAIN);
    loss_cross_entropy(losses, dlogits, NULL, logits, label, BATCH, CLASSES, &loss);
    int k = atk_select(weight, selected, losses, BATCH, K, scratch);
    for (int i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] *= weight[i / CLASSES];
    model_backward(t->model, dlogits, selected, k);
    clip_apply(params, clip_norm(&t->clip, params), 1.0);
    optimiser_step(&t->optimiser, params, 1e-3);
    ema_update(&t->ema, params, t->optimiser.step - 1);
}

static void count(enum norm_kind norm, enum conv2d_choice method, enum optimiser_kind kind)
{
    struct training t;
    create(&t, norm, method, kind);
    step(&t);
    failing_alloc_after(1000000); /* counts; none fails */
    for (int i = 0; i < 2; i++)
        step(&t);
    ema_swap(&t.ema, model_params(t.model));
    model_forward(t.model, t.x, BATCH - 1, MODEL_EVAL);
    assert_int_equal(failing_alloc_count(), 0);
    failing_alloc_off();
    destroy(&t);
}

static void nothing_is_allocated_after_the_first_step(void **state)
{
    static const enum conv2d_choice METHODS[] = {CONV2D_AUTO, CONV2D_ALL_IM2COL,
                                                 CONV2D_ALL_WINOGRAD, CONV2D_ALL_DIRECT};
    struct error err;
    (void)state;
    close_seed(114);
    for (int threads = 1; threads <= 2; threads++) {
        assert_int_equal(parallel_start(threads, &err), STATUS_OK);
        for (int method = 0; method < 4; method++)
            for (int norm = NORM_NONE; norm <= NORM_GROUP; norm++)
                count((enum norm_kind)norm, METHODS[method], OPTIMISER_ADAM);
        count(NORM_GROUP, CONV2D_AUTO, OPTIMISER_ADAMW);
        count(NORM_GROUP, CONV2D_AUTO, OPTIMISER_SGD);
    }
    parallel_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_after_the_first_step),
    };
    gemm_start(1, &(struct error){0});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
