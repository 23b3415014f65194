/* run/train/evaluator: one pass in order, in evaluation mode, whatever the batch size. */
#include "failing_alloc.h"
#include "tiny_run.h"

#include "run/train/evaluator.h"

#include <math.h>

struct seen {
    double temperature; /* 0: none is used */
    int n, n_progress;
    int row[TINY_ROWS];
    float probability[TINY_ROWS][3], score[TINY_ROWS][3];
    int stop_after;
    volatile sig_atomic_t stop;
};

static enum status note_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    (void)err;
    struct seen *seen = context;
    memcpy(seen->probability[seen->n], s->probability, sizeof(seen->probability[0]));
    memcpy(seen->score[seen->n], s->score, sizeof(seen->score[0]));
    seen->row[seen->n++] = s->row;
    double sum = 0;
    for (int c = 0; c < 3; c++) {
        assert_true(s->probability[c] <= s->probability[s->predicted]);
        sum += (double)s->probability[c];
    }
    assert_true(fabs(sum - 1) < 1e-6); /* three float roundings */
    return STATUS_OK;
}

static void note_progress(void *context, int n_done)
{
    struct seen *seen = context;
    assert_int_equal(n_done, seen->n);
    seen->n_progress++;
    seen->stop = seen->stop_after > 0 && n_done >= seen->stop_after;
}

static struct evaluator_events listen(struct seen *seen)
{
    return (struct evaluator_events){
        .context = seen, .sample = note_sample, .progress = note_progress, .stop = &seen->stop};
}

/* Evaluates all rows of r with this batch size. */
static void evaluate_flip(struct metrics *out, struct tiny_run *r, int batch_size, bool flip,
                          struct seen *seen)
{
    const struct loader_options load = {.fit = {.size = TINY_SIZE},
                                        .batch_size = batch_size,
                                        .std = {1, 1, 1},
                                        .workers = 2,
                                        .limits = {.max_pixels = 4096}};
    struct loader *loader;
    struct evaluator *evaluator;
    bool stopped;
    const struct evaluator_events events = listen(seen);
    MUST(loader_create(&loader, r->data, r->rows, TINY_ROWS, r->cache, &load, err));
    MUST(evaluator_create(&evaluator, r->model, loader, flip, err));
    if (seen->temperature > 0)
        evaluator_use_temperature(evaluator, 0, seen->temperature);
    MUST(metrics_create(out, 3, TINY_ROWS, err));
    MUST(evaluator_run(evaluator, out, &stopped, &events, err));
    assert_int_equal(stopped, seen->stop_after > 0);
    metrics_finish(out, 0.7);
    evaluator_destroy(evaluator);
    loader_destroy(loader);
}

static void evaluate(struct metrics *out, struct tiny_run *r, int batch_size, struct seen *seen)
{
    evaluate_flip(out, r, batch_size, false, seen);
}

static void rows_come_in_order_and_batch_size_changes_no_bit(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct metrics by_six, by_four;
    struct seen six = {0}, four = {0};
    evaluate(&by_six, &r, 6, &six);
    evaluate(&by_four, &r, 4, &four);
    assert_int_equal(six.n, TINY_ROWS);
    assert_int_equal(six.n_progress, 5); /* 26 = 4 x 6 + 2 */
    assert_memory_equal(six.row, r.rows, sizeof(r.rows));
    assert_int_equal(by_six.n, TINY_ROWS);
    assert_memory_equal(&by_six.mean_loss, &by_four.mean_loss, sizeof(double));
    for (int c = 0; c < 3; c++)
        assert_memory_equal(confusion_row(&by_six.confusion, c),
                            confusion_row(&by_four.confusion, c), 3 * sizeof(int));
    metrics_free(&by_six);
    metrics_free(&by_four);
    tiny_destroy(&r);
}

/* Fills a second cache with the images of the first one, mirrored. */
static struct cache *mirrored_cache(const struct cache *cache)
{
    struct cache *mirrored;
    struct resized_image *image = malloc(resized_image_bytes(TINY_SIZE));
    assert_non_null(image);
    MUST(cache_create(&mirrored, TINY_ROWS, TINY_SIZE, SIZE_MAX, err));
    for (int row = 0; row < TINY_ROWS; row++) {
        const struct resized_image *from = cache_find(cache, row);
        image->aspect = from->aspect;
        for (int y = 0; y < TINY_SIZE; y++)
            for (int x = 0; x < TINY_SIZE; x++)
                memcpy(image->rgb + 3 * (TINY_SIZE * y + TINY_SIZE - 1 - x),
                       from->rgb + 3 * (TINY_SIZE * y + x), 3);
        cache_store(mirrored, row, image);
    }
    free(image);
    return mirrored;
}

static void flip_gives_the_mean_of_both_views(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct metrics plain, mirrored, flip;
    struct seen a = {0}, b = {0}, both = {0};
    evaluate_flip(&plain, &r, 6, false, &a);
    evaluate_flip(&flip, &r, 6, true, &both);
    struct cache *first = r.cache;
    r.cache = mirrored_cache(first);
    evaluate_flip(&mirrored, &r, 6, false, &b);

    int n_other = 0;
    for (int i = 0; i < TINY_ROWS; i++) {
        for (int c = 0; c < 3; c++) {
            float mean = (a.probability[i][c] + b.probability[i][c]) / 2;
            assert_memory_equal(&mean, &both.probability[i][c], sizeof(float));
            n_other += a.probability[i][c] != b.probability[i][c];
        }
        int label = dataset_sample(r.data, i)->label;
        double expected = -log((double)both.probability[i][label]);
        /* Probabilities near 1/3 in float: their logarithm is good to 2e-7. */
        assert_true(fabs((double)flip.loss[i] - expected) < 1e-6);
        assert_true((double)flip.loss[i] > fmin(plain.loss[i], mirrored.loss[i]) - 1e-6);
    }
    assert_true(n_other > TINY_ROWS); /* the network does see left and right */
    cache_destroy(first);
    metrics_free(&plain);
    metrics_free(&mirrored);
    metrics_free(&flip);
    tiny_destroy(&r);
}

/* As tiny_run's network, with other weights. */
static struct model *other_model(uint64_t seed)
{
    const struct model_spec spec = tiny_spec(NORM_GROUP);
    const struct model_options options = {.classes = 3, .size = TINY_SIZE, .max_batch = TINY_BATCH};
    struct model *model;
    MUST(model_create(&model, &spec, &options, err));
    model_init(model, seed);
    return model;
}

static void add_softmax(double sum[3], const float score[3])
{
    double total = 0;
    for (int c = 0; c < 3; c++)
        total += exp((double)score[c]);
    for (int c = 0; c < 3; c++)
        sum[c] += exp((double)score[c]) / total;
}

static void several_networks_give_the_mean_of_all_their_views(void **state)
{
    (void)state;
    enum { NETWORKS = 3 };
    static const double temperature[NETWORKS] = {0.5, 1, 3};
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct model *first = r.model, *model[NETWORKS] = {r.model, other_model(5), other_model(6)};
    const struct loader_options load = {.fit = {.size = TINY_SIZE},
                                        .batch_size = TINY_BATCH,
                                        .std = {1, 1, 1},
                                        .workers = 2,
                                        .limits = {.max_pixels = 4096}};
    for (int pass = 0; pass < 4; pass++) {
        bool flip = pass % 2, calibrates = pass / 2;
        double sum[TINY_ROWS][3] = {0}, plain_sum[TINY_ROWS][3] = {0};
        for (int i = 0; i < NETWORKS; i++) {
            struct metrics m;
            struct seen one = {.temperature = calibrates ? temperature[i] : 0};
            r.model = model[i];
            evaluate_flip(&m, &r, TINY_BATCH, flip, &one);
            for (int j = 0; j < TINY_ROWS * 3; j++)
                sum[j / 3][j % 3] += (double)one.probability[j / 3][j % 3];
            for (int j = 0; j < TINY_ROWS; j++)
                add_softmax(plain_sum[j], one.score[j]);
            metrics_free(&m);
        }
        r.model = first;

        struct loader *loader, *another;
        struct evaluator *evaluator;
        struct metrics m;
        struct seen all = {0};
        const struct evaluator_events events = listen(&all);
        bool stopped;
        MUST(loader_create(&loader, r.data, r.rows, TINY_ROWS, r.cache, &load, err));
        MUST(loader_create(&another, r.data, r.rows, TINY_ROWS, r.cache, &load, err));
        MUST(evaluator_create(&evaluator, model[0], loader, flip, err));
        MUST(evaluator_add_network(evaluator, model[1], loader, err));
        MUST(evaluator_add_network(evaluator, model[2], another, err));
        for (int i = 0; calibrates && i < NETWORKS; i++)
            evaluator_use_temperature(evaluator, i, temperature[i]);
        MUST(metrics_create(&m, 3, TINY_ROWS, err));
        MUST(evaluator_run(evaluator, &m, &stopped, &events, err));
        assert_int_equal(all.n, TINY_ROWS);
        for (int i = 0; i < TINY_ROWS; i++) {
            for (int c = 0; c < 3; c++) /* roundings of sums of up to six floats below 1 */
                assert_true(fabs((double)all.probability[i][c] - sum[i][c] / NETWORKS) < 1e-6);
            for (int c = 0; c < 3; c++)
                assert_true(fabs(exp((double)all.score[i][c]) - plain_sum[i][c] / NETWORKS) < 1e-6);
            double want = -log(plain_sum[i][dataset_sample(r.data, i)->label] / NETWORKS);
            assert_true(fabs((double)m.loss[i] - want) < 2e-6);
        }
        metrics_free(&m);
        evaluator_destroy(evaluator);
        loader_destroy(loader);
        loader_destroy(another);
    }
    model_destroy(model[1]);
    model_destroy(model[2]);
    tiny_destroy(&r);
}

static enum status check_map(void *context, const struct evaluator_sample *s, struct error *err)
{
    struct tiny_run *r = context;
    const struct shape shape = model_activation_shape(r->model);
    const struct param_list *params = model_params(r->model);
    const struct param *bias = &params->item[params->n - 1];
    struct model *alone = other_model(0); /* r's is at work */
    double sum = 0;
    (void)err;
    assert_string_equal(bias->name, "fc.bias");
    memcpy(model_params(alone)->all, params->all, params->n_all * sizeof *params->all);
    float logit = model_forward(alone, s->image, 1, MODEL_EVAL)[s->predicted];
    assert_true(shape_pixels(shape) > 1);
    for (size_t i = 0; i < shape_pixels(shape); i++)
        sum += (double)s->map[i];
    sum = sum / (double)shape_pixels(shape) + (double)bias->data[s->predicted];
    assert_true(fabs(sum - (double)logit) < 1e-5); /* features are rounded to floats */
    model_destroy(alone);
    return STATUS_OK;
}

static void each_sample_comes_with_its_image_and_the_map_of_its_predicted_class(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct evaluator *evaluator;
    struct metrics m;
    bool stopped;
    const struct evaluator_events events = {.context = &r, .sample = check_map};
    MUST(evaluator_create(&evaluator, r.model, r.val, false, err));
    MUST(evaluator_draw_maps(evaluator, err));
    MUST(metrics_create(&m, 3, TINY_ROWS, err));
    MUST(evaluator_run(evaluator, &m, &stopped, &events, err));
    assert_int_equal(m.n, TINY_ROWS - TINY_TRAIN);
    evaluator_destroy(evaluator);
    metrics_free(&m);
    tiny_destroy(&r);
}

static void check_softmax(const struct seen *scores, const struct seen *probabilities, double t)
{
    for (int i = 0; i < TINY_ROWS; i++) {
        double sum = 0;
        for (int c = 0; c < 3; c++)
            sum += exp((double)scores->score[i][c] / t);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(exp((double)scores->score[i][c] / t) / sum -
                             (double)probabilities->probability[i][c]) < 1e-6);
    }
}

static void a_temperature_changes_probabilities_and_no_figure(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    for (int flip = 0; flip < 2; flip++) {
        struct metrics plain, scaled;
        struct seen at_1 = {0}, at_half = {.temperature = 0.5};
        evaluate_flip(&plain, &r, 6, flip, &at_1);
        evaluate_flip(&scaled, &r, 6, flip, &at_half);
        assert_memory_equal(at_1.score, at_half.score, sizeof at_1.score);
        assert_memory_equal(plain.loss, scaled.loss, TINY_ROWS * sizeof *plain.loss);
        assert_int_equal(plain.n_correct, scaled.n_correct);
        check_softmax(&at_1, &at_1, 1);
        check_softmax(&at_1, &at_half, 0.5);
        assert_true(at_1.probability[0][0] != at_half.probability[0][0]);
        metrics_free(&plain);
        metrics_free(&scaled);
    }
    tiny_destroy(&r);
}

static void evaluation_leaves_weights_and_running_statistics_alone(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_BATCH);
    struct param_list *params = model_params(r.model);
    float **before = calloc((size_t)params->n, sizeof(*before));
    assert_non_null(before);
    for (int i = 0; i < params->n; i++) {
        size_t bytes = params->item[i].size * sizeof(float);
        before[i] = malloc(bytes + 1);
        assert_non_null(before[i]);
        if (bytes > 0)
            memcpy(before[i], params->item[i].data, bytes);
    }
    struct metrics m;
    struct seen seen = {0};
    evaluate(&m, &r, 6, &seen);
    for (int i = 0; i < params->n; i++) {
        if (params->item[i].size > 0)
            assert_memory_equal(before[i], params->item[i].data,
                                params->item[i].size * sizeof(float));
        assert_int_equal(params->item[i].counter, 0);
        free(before[i]);
    }
    free(before);
    metrics_free(&m);
    tiny_destroy(&r);
}

static void a_stop_ends_the_pass_after_its_batch(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct metrics m;
    struct seen seen = {.stop_after = 7};
    evaluate(&m, &r, 6, &seen);
    assert_int_equal(seen.n, 12);
    metrics_free(&m);
    tiny_destroy(&r);
}

static enum status refuse_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    (void)context;
    return error_set(err, "row %d refused", s->row);
}

static void a_failing_callback_ends_the_pass_with_its_error(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct evaluator *evaluator;
    struct metrics m;
    bool stopped;
    struct error failure;
    const struct evaluator_events events = {.sample = refuse_sample};
    MUST(evaluator_create(&evaluator, r.model, r.val, false, err));
    MUST(metrics_create(&m, 3, TINY_ROWS, err));
    assert_int_equal(evaluator_run(evaluator, &m, &stopped, &events, &failure), STATUS_FAILED);
    assert_string_equal(failure.message, "row 20 refused");
    evaluator_destroy(evaluator);
    metrics_free(&m);
    tiny_destroy(&r);
}

/* With everything that an evaluator can be given. */
static enum status create_large(struct evaluator **out, struct tiny_run *r, struct error *err)
{
    enum status status = evaluator_create(out, r->model, r->val, false, err);
    if (status == STATUS_OK)
        status = evaluator_add_network(*out, r->model, r->val, err);
    if (status == STATUS_OK)
        status = evaluator_draw_maps(*out, err);
    if (status != STATUS_OK) {
        evaluator_destroy(*out);
        *out = NULL;
    }
    return status;
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct evaluator *evaluator;
    struct error failure = {0};
    FAILING_ALLOC_EACH(evaluator_create(&evaluator, r.model, r.val, true, &failure), &failure)
        ;
    evaluator_destroy(evaluator);
    FAILING_ALLOC_EACH(create_large(&evaluator, &r, &failure), &failure)
        ;
    evaluator_destroy(evaluator);
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(rows_come_in_order_and_batch_size_changes_no_bit),
        SCRATCH_TEST(flip_gives_the_mean_of_both_views),
        SCRATCH_TEST(a_temperature_changes_probabilities_and_no_figure),
        SCRATCH_TEST(several_networks_give_the_mean_of_all_their_views),
        SCRATCH_TEST(each_sample_comes_with_its_image_and_the_map_of_its_predicted_class),
        SCRATCH_TEST(evaluation_leaves_weights_and_running_statistics_alone),
        SCRATCH_TEST(a_stop_ends_the_pass_after_its_batch),
        SCRATCH_TEST(a_failing_callback_ends_the_pass_with_its_error),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
