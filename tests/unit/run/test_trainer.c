/* run/train/trainer: what a whole run leaves behind, and what stops one. */
#include "failing_alloc.h"
#include "tiny_parts.h"

#include <math.h>

/* ---- Whole runs ---- */

static void a_run_leaves_all_its_files_and_learns(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    r.settings.epochs = 8;
    MUST(run_folder_create(&r.folder, scratch_path("run"), &r.metadata.classes, err));
    r.inputs.folder = r.folder;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    bool interrupted;
    MUST(trainer_run(r.trainer, &interrupted, err));
    const struct trainer_result result = trainer_result(r.trainer);
    assert_false(interrupted);
    assert_int_equal(result.epochs_done, 8);
    assert_in_range(result.best_epoch, 1, 8);
    assert_true(result.best_accuracy >= result.last_accuracy);
    tiny_destroy(&r);

    assert_int_equal(count_rows("run", "batches.csv"), 1 + 8 * TINY_BATCHES);
    struct csv_table results;
    MUST(csv_table_read(&results, file_in("run", "results.csv"), ',', err));
    assert_int_equal(results.n_rows, 1 + 8);
    assert_string_equal(results.row[0].field[1], "train_loss");
    assert_true(atof(results.row[8].field[1]) < atof(results.row[1].field[1]));
    csv_table_free(&results);
    assert_int_equal(count_rows("run", "confusion_matrix.csv"), 1 + 3);
    assert_int_equal(count_rows("run", "val_predictions.csv"), 1 + TINY_ROWS - TINY_TRAIN);
    struct csv_table hard;
    MUST(csv_table_read(&hard, file_in("run", "hard_examples.csv"), ',', err));
    assert_int_equal(hard.n_rows, 1 + TINY_TRAIN);
    int n_selected = 0;
    for (int i = 1; i <= TINY_TRAIN; i++) {
        assert_string_equal(hard.row[i].field[2], "8"); /* times_seen */
        n_selected += atoi(hard.row[i].field[3]);
        assert_true(i == 1 || atof(hard.row[i].field[4]) <= atof(hard.row[i - 1].field[4]));
    }
    assert_int_equal(n_selected, 8 * (3 * 4 + 1)); /* k 0.7: 4 of 6, in the last batch 1 of 2 */
    csv_table_free(&hard);
    assert_true(files_exist(file_in("run", "state.safetensors")));
    assert_true(files_exist(file_in("run", "last.safetensors")));
}

static void two_runs_have_the_same_bytes(void **state)
{
    (void)state;
    run_whole("a", NORM_GROUP);
    run_whole("b", NORM_GROUP);
    assert_same_run("a", "b");
}

static void without_validation_there_is_no_best_file(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    r.inputs.val = NULL;
    r.inputs.n_val_rows = 0;
    MUST(run_folder_create(&r.folder, scratch_path("run"), &r.metadata.classes, err));
    r.inputs.folder = r.folder;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    bool interrupted;
    MUST(trainer_run(r.trainer, &interrupted, err));
    const struct trainer_result result = trainer_result(r.trainer);
    assert_int_equal(result.best_epoch, 0);
    assert_true(isnan(result.best_accuracy) && isfinite(result.last_train_loss));
    tiny_destroy(&r);
    assert_true(files_exist(file_in("run", "last.safetensors")));
    assert_false(files_exist(file_in("run", "best.safetensors")));
    assert_false(files_exist(file_in("run", "confusion_matrix.csv")));
    assert_int_equal(count_rows("run", "results.csv"), 1 + TINY_EPOCHS);
}

/* The mean of the `counted` largest losses of an evaluation, which is the validation loss. */
static void check_validation(void *context, const struct trainer_epoch *e)
{
    const struct metrics *m = e->validation;
    int counted = *(const int *)context, n = TINY_ROWS - TINY_TRAIN;
    double sum = 0;
    assert_int_equal(m->n, n);
    for (int i = 0; i < n; i++) {
        int larger = 0;
        for (int j = 0; j < n; j++)
            larger += m->loss[j] > m->loss[i];
        sum += larger < counted ? (double)m->loss[i] : 0;
    }
    assert_true(fabs(m->atk_loss - sum / counted) < 1e-6);
}

/* Of 6 images that validate, in batches of 6 and with 20 to train. */
static void validation_averages_the_share_that_training_does(void **state)
{
    (void)state;
    static const struct {
        enum aggregate_kind aggregate;
        enum scope scope;
        const char *k;
        int counted;
    } cases[] = {
        {AGGREGATE_ATK, SCOPE_BATCH, "0.7", 4},     {AGGREGATE_ATK, SCOPE_BATCH, "2", 2},
        {AGGREGATE_AVERAGE, SCOPE_BATCH, "0.7", 6}, {AGGREGATE_MAXIMUM, SCOPE_BATCH, "0.7", 1},
        {AGGREGATE_ATK, SCOPE_DATASET, "10", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tiny_run r;
        bool interrupted;
        char folder[16];
        int counted = cases[i].counted;
        snprintf(folder, sizeof folder, "run-%zu", i);
        tiny_create(&r, NORM_GROUP);
        r.settings.epochs = 1;
        r.settings.aggregate = cases[i].aggregate;
        r.settings.scope = cases[i].scope;
        MUST(atk_parse(&r.settings.k, cases[i].k, err));
        MUST(run_folder_create(&r.folder, scratch_path(folder), &r.metadata.classes, err));
        r.inputs.folder = r.folder;
        r.inputs.events = (struct trainer_events){.context = &counted, .epoch = check_validation};
        MUST(trainer_create(&r.trainer, &r.inputs, err));
        MUST(trainer_run(r.trainer, &interrupted, err));
        tiny_destroy(&r);
    }
}

/* ---- What stops a run ---- */

static void a_loss_that_is_not_finite_stops_before_the_update(void **state)
{
    (void)state;
    const float poison[] = {NAN, INFINITY};
    run_whole("whole", NORM_GROUP);
    for (int i = 0; i < 2; i++) {
        char folder[16];
        snprintf(folder, sizeof(folder), "run-%d", i);
        struct tiny_run r;
        tiny_create(&r, NORM_GROUP);
        MUST(run_folder_create(&r.folder, scratch_path(folder), &r.metadata.classes, err));
        r.inputs.folder = r.folder;
        struct accident accident = {
            .run = &r, .poison_at_batch = TINY_BATCHES + 2, .poison = poison[i]};
        r.inputs.events = (struct trainer_events){.context = &accident, .batch = on_batch};
        MUST(trainer_create(&r.trainer, &r.inputs, err));
        bool interrupted;
        struct error failure;
        assert_int_equal(trainer_run(r.trainer, &interrupted, &failure), STATUS_FAILED);
        assert_non_null(strstr(failure.message, "epoch 2, batch 3: the loss is not a finite"));
        assert_non_null(strstr(failure.message, ".png, p"));
        assert_int_equal(accident.n_batches,
                         TINY_BATCHES + 2); /* no row, no event of the bad one */
        const struct param *stem = param_find(model_params(r.model), "conv1.weight");
        assert_true(isfinite(stem->data[0])); /* no update by a gradient that is not finite */
        tiny_destroy(&r);

        /* The state is that of the first epoch's end, so the run can go on from there. */
        resume_to_the_end(folder, NORM_GROUP);
        assert_same_run("whole", folder);
    }
}

static void weights_that_are_not_finite_are_never_saved(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    MUST(run_folder_create(&r.folder, scratch_path("run"), &r.metadata.classes, err));
    r.inputs.folder = r.folder;
    /* Behind the last batch of the second epoch: no loss sees it before the epoch is saved. */
    struct accident accident = {.run = &r, .poison_at_batch = 2 * TINY_BATCHES, .poison = NAN};
    r.inputs.events = (struct trainer_events){.context = &accident, .batch = on_batch};
    r.inputs.val = NULL;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    bool interrupted;
    struct error failure;
    assert_int_equal(trainer_run(r.trainer, &interrupted, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "a weight of fc.bias has become nan"));
    tiny_destroy(&r);
    struct safetensors last;
    MUST(safetensors_read(&last, file_in("run", "last.safetensors"), err));
    float bias;
    memcpy(&bias, safetensors_find(&last, "fc.bias")->data, sizeof(bias));
    assert_true(isfinite(bias));
    safetensors_free(&last);
}

/* Of each class: a gradient for every image of a step, and few bytes beside them. */
static void the_figures_count_the_gradient_of_every_logit(void **state)
{
    enum { IMAGES = 64 * 4, CLASSES = 10000 };
    (void)state;
    struct settings s;
    MUST(settings_init(&s, err));
    s.batch_size = 64;
    s.accumulate = 4;
    size_t few = trainer_figure_bytes(&s, 2, 100, 100, 0),
           many = trainer_figure_bytes(&s, 2 + CLASSES, 100, 100, 0),
           logits = (size_t)IMAGES * CLASSES * sizeof(float);
    assert_true(many - few >= logits);
    assert_true(many - few < logits + logits / 10);
    /* An image that validates: its losses, its place in the confusion matrix; not a row of it. */
    size_t validated = trainer_figure_bytes(&s, 2 + CLASSES, 100, 100, 1000000) -
                       trainer_figure_bytes(&s, 2 + CLASSES, 100, 100, 1);
    assert_true(validated >= 12 * 999999 && validated < 100 * 999999);
    settings_free(&s);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    struct error failure = {0};
    FAILING_ALLOC_EACH(trainer_create(&r.trainer, &r.inputs, &failure), &failure)
        ;
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_run_leaves_all_its_files_and_learns),
        SCRATCH_TEST(two_runs_have_the_same_bytes),
        SCRATCH_TEST(without_validation_there_is_no_best_file),
        SCRATCH_TEST(validation_averages_the_share_that_training_does),
        SCRATCH_TEST(a_loss_that_is_not_finite_stops_before_the_update),
        SCRATCH_TEST(weights_that_are_not_finite_are_never_saved),
        cmocka_unit_test(the_figures_count_the_gradient_of_every_logit),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
