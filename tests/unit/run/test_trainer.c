/* run/trainer: what a run leaves behind, and that one which is stopped, interrupted in its
 * evaluation or killed, and then resumed, leaves the same bytes. */
#include "failing_alloc.h"
#include "tiny_run.h"

#include "base/files.h"
#include "io/csv.h"
#include "run/trainer_facts.h"

#include <math.h>
#include <sys/wait.h>

enum { BATCHES = 4 /* of an epoch: 20 pictures, 6 at a time */, STEPS = BATCHES * TINY_EPOCHS };
enum { CLOCK_COLUMNS = 3 /* the last ones of batches.csv */ };

/* ---- Running with accidents ---- */

/* When something happens: at a batch or a step of evaluation, counted from 1 within this part of
 * the run; 0: never. */
struct accident {
    struct tiny_run *run;
    int stop_at_batch, stop_at_evaluation, kill_at_batch, poison_at_batch;
    float poison; /* becomes the classifier's first bias */
    int n_batches, n_evaluations, n_epochs;
};

static void on_batch(void *context, const struct trainer_batch *b)
{
    struct accident *a = context;
    a->n_batches++;
    assert_true(b->loss >= b->mean_loss);
    assert_int_equal(b->n_batches, BATCHES);
    if (a->n_batches == a->stop_at_batch)
        a->run->stop = SIGTERM;
    if (a->n_batches == a->kill_at_batch)
        kill(getpid(), SIGKILL);
    if (a->n_batches == a->poison_at_batch)
        param_find(model_params(a->run->model), "fc.bias")->data[0] = a->poison;
}

static void on_evaluating(void *context, int n_done, int n_total)
{
    struct accident *a = context;
    assert_in_range(n_done, 1, n_total);
    if (++a->n_evaluations == a->stop_at_evaluation)
        a->run->stop = SIGINT;
}

static void on_epoch(void *context, const struct trainer_epoch *e)
{
    struct accident *a = context;
    a->n_epochs++;
    assert_int_equal(e->validated, e->validation != NULL);
}

struct part {
    const char *folder; /* of the run, within the scratch folder */
    bool resume;
    enum norm_kind norm;
    double save_minutes;
    bool learns_threshold; /* scope dataset, with a schedule of k */
    struct accident accident;
};

/* One part of a run, from creation or resume to its end; says whether it was interrupted. */
static bool run_part(struct part *p)
{
    struct tiny_run r;
    tiny_create(&r, p->norm);
    p->accident.run = &r;
    r.settings.save_minutes = p->save_minutes;
    if (p->learns_threshold) {
        r.settings.scope = SCOPE_DATASET;
        r.settings.k_schedule = K_SCHEDULE_LINEAR;
        r.settings.k_warmup = 1;
    }
    r.inputs.events = (struct trainer_events){
        .context = &p->accident, .batch = on_batch, .evaluating = on_evaluating, .epoch = on_epoch};
    if (p->resume)
        MUST(run_folder_open(&r.folder, tiny_path(p->folder), err));
    else
        MUST(run_folder_create(&r.folder, tiny_path(p->folder), &r.card.classes, err));
    r.inputs.folder = r.folder;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    if (p->resume)
        MUST(trainer_restore(r.trainer, err));
    bool interrupted;
    MUST(trainer_run(r.trainer, &interrupted, err));
    if (!interrupted)
        assert_int_equal(trainer_result(r.trainer).epochs_done, TINY_EPOCHS);
    tiny_destroy(&r);
    return interrupted;
}

static void run_whole(const char *folder, enum norm_kind norm)
{
    struct part whole = {.folder = folder, .norm = norm};
    assert_false(run_part(&whole));
    assert_int_equal(whole.accident.n_batches, STEPS);
    assert_int_equal(whole.accident.n_epochs, TINY_EPOCHS);
}

static void resume_to_the_end(const char *folder, enum norm_kind norm)
{
    struct part rest = {.folder = folder, .norm = norm, .resume = true};
    assert_false(run_part(&rest));
}

/* ---- Comparing ---- */

static const char *file_in(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return tiny_path(path);
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    uint8_t *x, *y;
    size_t n_x, n_y;
    MUST(files_read(&x, &n_x, file_in(a, name), SIZE_MAX / 2, err));
    MUST(files_read(&y, &n_y, file_in(b, name), SIZE_MAX / 2, err));
    assert_int_equal(n_x, n_y);
    assert_memory_equal(x, y, n_x);
    free(x);
    free(y);
}

/* But for the last columns, which a clock decides. */
static void assert_same_table(const char *a, const char *b, const char *name, int n_clock)
{
    struct csv_table x, y;
    MUST(csv_table_read(&x, file_in(a, name), ',', err));
    MUST(csv_table_read(&y, file_in(b, name), ',', err));
    assert_int_equal(x.n_rows, y.n_rows);
    for (size_t i = 0; i < x.n_rows; i++) {
        assert_int_equal(x.row[i].n_fields, y.row[i].n_fields);
        for (int j = 0; j < x.row[i].n_fields - n_clock; j++)
            assert_string_equal(x.row[i].field[j], y.row[i].field[j]);
    }
    csv_table_free(&x);
    csv_table_free(&y);
}

static void assert_same_run(const char *a, const char *b)
{
    assert_same_file(a, b, "last.safetensors");
    assert_same_file(a, b, "best.safetensors");
    assert_same_file(a, b, "confusion_matrix.csv");
    assert_same_file(a, b, "per_class.csv");
    assert_same_file(a, b, "hard_examples.csv");
    assert_same_table(a, b, "batches.csv", CLOCK_COLUMNS);
    assert_same_table(a, b, "results.csv", 1);
}

static size_t count_rows(const char *folder, const char *name)
{
    struct csv_table table;
    MUST(csv_table_read(&table, file_in(folder, name), ',', err));
    size_t n = table.n_rows;
    csv_table_free(&table);
    return n;
}

/* ---- Whole runs ---- */

static void a_run_leaves_all_its_files_and_learns(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    r.settings.epochs = 8;
    MUST(run_folder_create(&r.folder, tiny_path("run"), &r.card.classes, err));
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

    assert_int_equal(count_rows("run", "batches.csv"), 1 + 8 * BATCHES);
    struct csv_table results;
    MUST(csv_table_read(&results, file_in("run", "results.csv"), ',', err));
    assert_int_equal(results.n_rows, 1 + 8);
    assert_string_equal(results.row[0].field[1], "train_loss");
    assert_true(atof(results.row[8].field[1]) < atof(results.row[1].field[1]));
    csv_table_free(&results);
    assert_int_equal(count_rows("run", "confusion_matrix.csv"), 1 + 3);
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
    MUST(run_folder_create(&r.folder, tiny_path("run"), &r.card.classes, err));
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

/* ---- Interrupted runs ---- */

static void stopped_at_any_batch_and_resumed_gives_the_same_bytes(void **state)
{
    (void)state;
    run_whole("whole", NORM_GROUP);
    for (int at = 1; at <= STEPS; at++) {
        char folder[32];
        snprintf(folder, sizeof(folder), "stopped-%d", at);
        struct part first = {.folder = folder, .norm = NORM_GROUP, .accident.stop_at_batch = at};
        assert_true(run_part(&first));
        assert_int_equal(first.accident.n_batches, at); /* the batch is finished, no other begun */
        assert_true(files_exist(file_in(folder, "last.safetensors")));
        resume_to_the_end(folder, NORM_GROUP);
        assert_same_run("whole", folder);
    }
}

static void stopped_after_every_batch_with_batch_norm_gives_the_same_bytes(void **state)
{
    (void)state;
    run_whole("whole", NORM_BATCH);
    struct part part = {.folder = "often", .norm = NORM_BATCH, .accident.stop_at_batch = 1};
    int parts = 0;
    while (run_part(&part)) {
        part.resume = true;
        part.accident = (struct accident){.stop_at_batch = 1};
        parts++;
    }
    assert_int_equal(parts, STEPS);
    assert_same_run("whole", "often");
}

static void with_a_learned_threshold_stopped_at_any_batch_gives_the_same_bytes(void **state)
{
    (void)state;
    struct part whole = {.folder = "whole", .norm = NORM_GROUP, .learns_threshold = true};
    assert_false(run_part(&whole));
    for (int at = 1; at <= STEPS; at++) {
        char folder[32];
        snprintf(folder, sizeof(folder), "stopped-%d", at);
        struct part part = {.folder = folder,
                            .norm = NORM_GROUP,
                            .learns_threshold = true,
                            .accident.stop_at_batch = at};
        assert_true(run_part(&part));
        part.resume = true;
        part.accident = (struct accident){0};
        assert_false(run_part(&part));
        assert_same_run("whole", folder);
    }
}

static void stopped_in_an_evaluation_and_resumed_evaluates_again(void **state)
{
    (void)state;
    run_whole("whole", NORM_GROUP);
    struct part first = {.folder = "run", .norm = NORM_GROUP, .accident.stop_at_evaluation = 2};
    assert_true(run_part(&first));
    assert_int_equal(first.accident.n_epochs, 1); /* the second epoch has no figures yet */
    assert_int_equal(first.accident.n_batches, 2 * BATCHES);
    struct part rest = {.folder = "run", .norm = NORM_GROUP, .resume = true};
    assert_false(run_part(&rest));
    assert_int_equal(rest.accident.n_batches, BATCHES);
    assert_int_equal(rest.accident.n_epochs, 2);
    assert_same_run("whole", "run");
}

static void killed_at_any_batch_and_resumed_gives_the_same_bytes(void **state)
{
    (void)state;
    run_whole("whole", NORM_BATCH);
    for (int at = 1; at <= STEPS; at += 2) {
        char folder[32];
        snprintf(folder, sizeof(folder), "killed-%d", at);
        pid_t child = fork();
        if (child == 0) {
            /* At every third kill the state is saved after each batch, else at epoch ends only. */
            struct part first = {.folder = folder,
                                 .norm = NORM_BATCH,
                                 .save_minutes = at % 3 == 0 ? 1e-12 : 0,
                                 .accident.kill_at_batch = at};
            run_part(&first);
            _exit(0);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        assert_int_equal(count_rows(folder, "batches.csv"), 1 + at); /* beyond the saved state */
        struct part rest = {.folder = folder, .norm = NORM_BATCH, .resume = true};
        assert_false(run_part(&rest));
        /* The save of the last batch itself was still to come. */
        int saved = at % 3 == 0 ? at - 1 : (at - 1) / BATCHES * BATCHES;
        assert_int_equal(rest.accident.n_batches, STEPS - saved);
        assert_same_run("whole", folder);
    }
}

static void resuming_a_finished_run_changes_nothing(void **state)
{
    (void)state;
    run_whole("a", NORM_GROUP);
    run_whole("b", NORM_GROUP);
    struct part again = {.folder = "b", .norm = NORM_GROUP, .resume = true};
    assert_false(run_part(&again));
    assert_int_equal(again.accident.n_batches, 0);
    assert_same_run("a", "b");
}

static void there_is_room_for_a_fact_of_every_setting(void **state)
{
    (void)state;
    int n;
    settings_table(&n);
    assert_true(n + 8 <= TRAINER_MOST_FACTS);
}

static void a_resume_with_changed_data_or_setting_is_refused(void **state)
{
    (void)state;
    run_whole("run", NORM_GROUP);
    struct tiny_run r;
    struct error failure;
    tiny_create(&r, NORM_GROUP);
    MUST(run_folder_open(&r.folder, tiny_path("run"), err));
    r.inputs.folder = r.folder;

    r.settings.seed = 1;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    assert_int_equal(trainer_restore(r.trainer, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "seed has changed: the run began with 0, now it is 1"));
    trainer_destroy(r.trainer);

    r.settings.seed = 0;
    r.settings.conv = CONV2D_ALL_IM2COL; /* any row of the table that decides the result */
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    assert_int_equal(trainer_restore(r.trainer, &failure), STATUS_FAILED);
    assert_non_null(
        strstr(failure.message, "conv has changed: the run began with auto, now it is "));
    trainer_destroy(r.trainer);

    r.settings.conv = 0;
    int swapped = r.rows[0];
    r.rows[0] = r.rows[1];
    r.rows[1] = swapped;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    assert_int_equal(trainer_restore(r.trainer, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "training data has changed: the run began with 20"));
    tiny_destroy(&r);
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
        MUST(run_folder_create(&r.folder, tiny_path(folder), &r.card.classes, err));
        r.inputs.folder = r.folder;
        struct accident accident = {.run = &r, .poison_at_batch = BATCHES + 2, .poison = poison[i]};
        r.inputs.events = (struct trainer_events){.context = &accident, .batch = on_batch};
        MUST(trainer_create(&r.trainer, &r.inputs, err));
        bool interrupted;
        struct error failure;
        assert_int_equal(trainer_run(r.trainer, &interrupted, &failure), STATUS_FAILED);
        assert_non_null(strstr(failure.message, "epoch 2, batch 3: the loss is not a finite"));
        assert_non_null(strstr(failure.message, ".png, p"));
        assert_int_equal(accident.n_batches, BATCHES + 2); /* no row, no event of the bad one */
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
    MUST(run_folder_create(&r.folder, tiny_path("run"), &r.card.classes, err));
    r.inputs.folder = r.folder;
    /* Behind the last batch of the second epoch: no loss sees it before the epoch is saved. */
    struct accident accident = {.run = &r, .poison_at_batch = 2 * BATCHES, .poison = NAN};
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

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct tiny_run r;
    tiny_create(&r, NORM_GROUP);
    for (long n = 1;; n++) {
        struct error failure = {0};
        failing_alloc_after(n);
        enum status status = trainer_create(&r.trainer, &r.inputs, &failure);
        long used = failing_alloc_count();
        failing_alloc_off();
        if (used < n) {
            assert_int_equal(status, STATUS_OK);
            break;
        }
        assert_int_equal(status, STATUS_FAILED);
        assert_non_null(strstr(failure.message, "out of memory"));
    }
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TINY_TEST(a_run_leaves_all_its_files_and_learns),
        TINY_TEST(two_runs_have_the_same_bytes),
        TINY_TEST(without_validation_there_is_no_best_file),
        TINY_TEST(stopped_at_any_batch_and_resumed_gives_the_same_bytes),
        TINY_TEST(stopped_after_every_batch_with_batch_norm_gives_the_same_bytes),
        TINY_TEST(with_a_learned_threshold_stopped_at_any_batch_gives_the_same_bytes),
        TINY_TEST(stopped_in_an_evaluation_and_resumed_evaluates_again),
        TINY_TEST(killed_at_any_batch_and_resumed_gives_the_same_bytes),
        TINY_TEST(resuming_a_finished_run_changes_nothing),
        cmocka_unit_test(there_is_room_for_a_fact_of_every_setting),
        TINY_TEST(a_resume_with_changed_data_or_setting_is_refused),
        TINY_TEST(a_loss_that_is_not_finite_stops_before_the_update),
        TINY_TEST(weights_that_are_not_finite_are_never_saved),
        TINY_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
