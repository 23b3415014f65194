/* Steps of several batches: what they minimise, however they are cut, and what a learned threshold
 * does. */
#include "tiny_run.h"

#include "run/train/trainer_internal.h"

#include <math.h>

/* ---- two trainers side by side ---- */

static struct trainer_batch last[2]; /* of each trainer's last step */

static void note(void *context, const struct trainer_batch *b)
{
    *(struct trainer_batch *)context = *b;
}

static void create(struct tiny_run *r, struct trainer_batch *out)
{
    r->inputs.val = NULL;
    r->inputs.events = (struct trainer_events){.context = out, .batch = note};
    MUST(trainer_create(&r->trainer, &r->inputs, err));
}

static void take_step(struct trainer *t)
{
    if (t->state.next_batch == t->n_batches) {
        t->state.epoch++;
        t->state.next_batch = 0;
    }
    if (t->state.next_batch == 0) {
        trainer_select_begin_epoch(t);
        MUST(loader_start(t->in.train, (int)t->state.epoch, 0, err));
    }
    MUST(trainer_step(t, err));
}

/* |a - b| / |b| over all gradients. */
static double gradient_distance(const struct trainer *a, const struct trainer *b)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < a->params->n_trained; i++) {
        double x = a->params->grad[i], y = b->params->grad[i];
        difference += (x - y) * (x - y);
        size += y * y;
    }
    assert_true(size > 0);
    return sqrt(difference / size);
}

/* The next step begins where b stands. */
static void copy_weights(struct trainer *a, const struct trainer *b)
{
    memcpy(a->params->data, b->params->data, a->params->n_trained * sizeof(float));
}

struct cut {
    int batch_size, accumulate, whole; /* whole = batch_size * accumulate */
    enum aggregate_kind aggregate;
    const char *k, *drop;
};

static void choose(struct settings *s, const struct cut *cut)
{
    struct error err;
    s->aggregate = cut->aggregate;
    assert_int_equal(atk_parse(&s->k, cut->k, &err), STATUS_OK);
    assert_int_equal(atk_parse_drop(&s->drop_largest, cut->drop, &err), STATUS_OK);
}

/* The bytes of the losses and so the selection are equal; only the gradient's sums over images
 * run in another order. */
static void a_step_is_the_same_however_it_is_cut(void **state)
{
    (void)state;
    static const struct cut cuts[] = {
        {4, 4, 16, AGGREGATE_ATK, "0.7", "0"},  {2, 3, 6, AGGREGATE_ATK, "0.5", "0"},
        {1, 7, 7, AGGREGATE_ATK, "3", "2"},     {3, 2, 6, AGGREGATE_AVERAGE, "0.7", "0"},
        {2, 4, 8, AGGREGATE_TOP_K, "0.5", "1"}, {5, 4, 20, AGGREGATE_MAXIMUM, "0.7", "0"},
    };
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        struct tiny_run cut, whole;
        tiny_create_cut(&cut, NORM_GROUP, cuts[c].batch_size, cuts[c].accumulate, SCOPE_STEP);
        tiny_create_cut(&whole, NORM_GROUP, cuts[c].whole, 1, SCOPE_BATCH);
        choose(&cut.settings, &cuts[c]);
        choose(&whole.settings, &cuts[c]);
        create(&cut, &last[0]);
        create(&whole, &last[1]);
        assert_int_equal(cut.trainer->n_batches, whole.trainer->n_batches);
        for (int step = 0; step < 20; step++) {
            take_step(cut.trainer);
            take_step(whole.trainer);
            assert_true(gradient_distance(cut.trainer, whole.trainer) < 1e-6);
            assert_true(last[0].loss == last[1].loss && last[0].mean_loss == last[1].mean_loss);
            assert_true(last[0].threshold == last[1].threshold);
            assert_int_equal(last[0].k, last[1].k);
            assert_int_equal(last[0].n, last[1].n);
            assert_int_equal(last[0].n_correct, last[1].n_correct);
            copy_weights(cut.trainer, whole.trainer);
        }
        tiny_destroy(&cut);
        tiny_destroy(&whole);
    }
}

/* In scope batch each batch has a k of its own, and their losses are averaged by their images. */
static void accumulated_batches_are_averaged(void **state)
{
    (void)state;
    struct tiny_run all, one;
    tiny_create_cut(&all, NORM_GROUP, 8, 3, SCOPE_BATCH); /* an epoch: batches of 8, 8 and 4 */
    tiny_create_cut(&one, NORM_GROUP, 8, 1, SCOPE_BATCH);
    one.settings.learning_rate = 1e-30; /* so that the three start from the same weights */
    create(&all, &last[0]);
    create(&one, &last[1]);
    size_t n = one.trainer->params->n_trained;
    double *mean = test_calloc(n, sizeof *mean), loss = 0, threshold = INFINITY;
    take_step(all.trainer);
    for (int batch = 0; batch < 3; batch++) {
        take_step(one.trainer);
        for (size_t i = 0; i < n; i++)
            mean[i] += (double)one.trainer->params->grad[i] * last[1].n / 20;
        loss += last[1].loss * last[1].n / 20;
        threshold = fmin(threshold, last[1].threshold);
    }
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        difference += pow(all.trainer->params->grad[i] - mean[i], 2);
        size += mean[i] * mean[i];
    }
    assert_true(sqrt(difference / size) < 1e-6);
    assert_true(fabs(last[0].loss - loss) < 1e-12 && last[0].threshold == threshold);
    assert_int_equal(last[0].k, 5 + 5 + 2);
    test_free(mean);
    tiny_destroy(&all);
    tiny_destroy(&one);
}

/* With BatchNorm a batch is normalised by itself, and its second time through the network changes
 * no running statistic. At k = all it is then the mean over batches. */
static void with_batch_norm_a_second_pass_leaves_the_running_statistics(void **state)
{
    (void)state;
    static const struct cut all = {.k = "1.0", .drop = "0"};
    struct tiny_run step, batch;
    tiny_create_cut(&step, NORM_BATCH, 5, 4, SCOPE_STEP);
    tiny_create_cut(&batch, NORM_BATCH, 5, 4, SCOPE_BATCH);
    choose(&step.settings, &all);
    choose(&batch.settings, &all);
    create(&step, &last[0]);
    create(&batch, &last[1]);
    for (int i = 0; i < 6; i++) {
        take_step(step.trainer);
        take_step(batch.trainer);
        assert_true(gradient_distance(step.trainer, batch.trainer) < 1e-6);
        const struct param_list *a = step.trainer->params, *b = batch.trainer->params;
        for (int p = 0; p < a->n; p++) {
            if (a->item[p].kind == PARAM_BUFFER)
                assert_memory_equal(a->item[p].data, b->item[p].data,
                                    a->item[p].size * sizeof(float));
            if (a->item[p].kind == PARAM_COUNTER)
                assert_int_equal(a->item[p].counter, 4 * (i + 1));
        }
        copy_weights(step.trainer, batch.trainer);
    }
    tiny_destroy(&step);
    tiny_destroy(&batch);
}

/* ---- what a step tells and refuses ---- */

static void images_per_second_move_by_a_tenth(void **state)
{
    (void)state;
    struct tiny_run r;
    double smoothed = 0;
    tiny_create(&r, NORM_GROUP);
    create(&r, &last[0]);
    for (int i = 0; i < 4; i++) {
        take_step(r.trainer);
        double rate = last[0].n / last[0].seconds;
        smoothed = i == 0 ? rate : 0.9 * smoothed + 0.1 * rate;
        assert_true(fabs(last[0].images_per_second / smoothed - 1) < 1e-12);
    }
    tiny_destroy(&r);
}

static void a_gradient_that_is_not_finite_changes_no_weight(void **state)
{
    (void)state;
    struct tiny_run r;
    struct error failure;
    struct trainer_batch b = {.epoch = 1, .batch = 2, .loss = 0.5};
    tiny_create(&r, NORM_GROUP);
    create(&r, &last[0]);
    take_step(r.trainer);
    size_t bytes = r.trainer->params->n_trained * sizeof(float);
    float *before = test_malloc(bytes);
    memcpy(before, r.trainer->params->data, bytes);
    for (int i = 0; i < 2; i++) {
        r.trainer->params->grad[3] = i == 0 ? INFINITY : NAN;
        r.trainer->not_finite = false;
        assert_int_equal(trainer_update(r.trainer, &b, &failure), STATUS_FAILED);
        assert_non_null(strstr(failure.message, "epoch 1, batch 2: the gradient is not finite"));
        assert_true(r.trainer->not_finite); /* by which --find-lr knows that it has diverged */
        assert_memory_equal(before, r.trainer->params->data, bytes);
        assert_int_equal(r.trainer->optimiser.step, 1);
    }
    test_free(before);
    tiny_destroy(&r);
}

/* ---- a learned threshold ---- */

static void a_step_below_lambda_changes_lambda_alone(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create_cut(&r, NORM_GROUP, TINY_BATCH, 1, SCOPE_DATASET);
    create(&r, &last[0]);
    take_step(r.trainer);
    assert_int_equal(r.trainer->optimiser.step, 1);
    size_t bytes = r.trainer->params->n_trained * sizeof(float);
    float *before = test_malloc(bytes);
    memcpy(before, r.trainer->params->data, bytes);
    r.trainer->state.lambda = 1000;
    take_step(r.trainer);
    assert_int_equal(last[0].k, 0);
    assert_true(last[0].loss == 1000 && last[0].threshold == 1000 && last[0].gradient_norm == 0);
    assert_memory_equal(before, r.trainer->params->data, bytes);
    assert_int_equal(r.trainer->optimiser.step, 1);
    assert_true(fabs(r.trainer->state.lambda - 1000 * exp(-0.7 * 6 / 16)) < 1e-9); /* k/n = 14/20 */
    test_free(before);
    tiny_destroy(&r);
}

static void a_image_above_lambda_weighs_n_over_k_times_the_batch(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create_cut(&r, NORM_GROUP, 4, 2, SCOPE_DATASET); /* two batches to a step */
    create(&r, &last[0]);
    take_step(r.trainer);
    const struct trainer_images *s = &r.trainer->step;
    int counted = 0;
    for (int i = 0; i < 8; i++) {
        bool above = s->loss[i] > last[0].threshold;
        counted += above;
        assert_true(fabs(s->weight[i] - (above ? 20.0 / (14 * 8) : 0)) < 1e-7);
    }
    assert_int_equal(last[0].k, counted);
    assert_in_range(counted, 1, 7);
    double value = last[0].threshold;
    for (int i = 0; i < 8; i++)
        value += fmax(0, s->loss[i] - last[0].threshold) / (0.7 * 8);
    assert_true(fabs(last[0].loss - value) < 1e-6);
    tiny_destroy(&r);
}

static void at_k_of_all_lambda_is_0_and_the_loss_the_mean(void **state)
{
    (void)state;
    static const struct cut all = {.k = "1.0", .drop = "0"};
    struct tiny_run dataset, batch;
    tiny_create_cut(&dataset, NORM_GROUP, TINY_BATCH, 1, SCOPE_DATASET);
    tiny_create_cut(&batch, NORM_GROUP, TINY_BATCH, 1, SCOPE_BATCH);
    choose(&dataset.settings, &all);
    choose(&batch.settings, &all);
    create(&dataset, &last[0]);
    create(&batch, &last[1]);
    for (int i = 0; i < 6; i++) {
        take_step(dataset.trainer);
        take_step(batch.trainer);
        assert_true(last[0].threshold == 0 && last[0].k == last[0].n);
        assert_true(last[0].loss == last[1].loss);
    }
    assert_memory_equal(dataset.trainer->params->data, batch.trainer->params->data,
                        batch.trainer->params->n_trained * sizeof(float));
    tiny_destroy(&dataset);
    tiny_destroy(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_step_is_the_same_however_it_is_cut),
        SCRATCH_TEST(accumulated_batches_are_averaged),
        SCRATCH_TEST(with_batch_norm_a_second_pass_leaves_the_running_statistics),
        SCRATCH_TEST(images_per_second_move_by_a_tenth),
        SCRATCH_TEST(a_gradient_that_is_not_finite_changes_no_weight),
        SCRATCH_TEST(a_step_below_lambda_changes_lambda_alone),
        SCRATCH_TEST(a_image_above_lambda_weighs_n_over_k_times_the_batch),
        SCRATCH_TEST(at_k_of_all_lambda_is_0_and_the_loss_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
