/* run/train/trainer: a run that is stopped, interrupted in its evaluation or killed, and then
 * resumed, leaves the bytes of one that was not. */
#include "tiny_parts.h"

#include "run/train/trainer_fingerprint.h"

#include <sys/wait.h>

static void stopped_at_any_batch_and_resumed_gives_the_same_bytes(void **state)
{
    (void)state;
    run_whole("whole", NORM_GROUP);
    for (int at = 1; at <= TINY_STEPS; at++) {
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
    assert_int_equal(parts, TINY_STEPS);
    assert_same_run("whole", "often");
}

static void with_a_learned_threshold_stopped_at_any_batch_gives_the_same_bytes(void **state)
{
    (void)state;
    struct part whole = {.folder = "whole", .norm = NORM_GROUP, .learns_threshold = true};
    assert_false(run_part(&whole));
    for (int at = 1; at <= TINY_STEPS; at++) {
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
    assert_int_equal(first.accident.n_batches, 2 * TINY_BATCHES);
    struct part rest = {.folder = "run", .norm = NORM_GROUP, .resume = true};
    assert_false(run_part(&rest));
    assert_int_equal(rest.accident.n_batches, TINY_BATCHES);
    assert_int_equal(rest.accident.n_epochs, 2);
    assert_same_run("whole", "run");
}

static void killed_at_any_batch_and_resumed_gives_the_same_bytes(void **state)
{
    (void)state;
    run_whole("whole", NORM_BATCH);
    for (int at = 1; at <= TINY_STEPS; at += 2) {
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
        int saved = at % 3 == 0 ? at - 1 : (at - 1) / TINY_BATCHES * TINY_BATCHES;
        assert_int_equal(rest.accident.n_batches, TINY_STEPS - saved);
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
    assert_true(n + 8 <= TRAINER_MOST_FINGERPRINTS);
}

static void a_resume_with_changed_data_or_setting_is_refused(void **state)
{
    (void)state;
    run_whole("run", NORM_GROUP);
    struct tiny_run r;
    struct error failure;
    tiny_create(&r, NORM_GROUP);
    MUST(run_folder_open(&r.folder, scratch_path("run"), err));
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
    r.inputs.class_weight = (const float[]){1, 2, 3};
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    assert_int_equal(trainer_restore(r.trainer, &failure), STATUS_FAILED);
    assert_non_null(
        strstr(failure.message, "class weights has changed: the run began with none, now it is "));
    trainer_destroy(r.trainer);

    r.inputs.class_weight = NULL;
    int swapped = r.rows[0];
    r.rows[0] = r.rows[1];
    r.rows[1] = swapped;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    assert_int_equal(trainer_restore(r.trainer, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "training data has changed: the run began with 20"));
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(stopped_at_any_batch_and_resumed_gives_the_same_bytes),
        SCRATCH_TEST(stopped_after_every_batch_with_batch_norm_gives_the_same_bytes),
        SCRATCH_TEST(with_a_learned_threshold_stopped_at_any_batch_gives_the_same_bytes),
        SCRATCH_TEST(stopped_in_an_evaluation_and_resumed_evaluates_again),
        SCRATCH_TEST(killed_at_any_batch_and_resumed_gives_the_same_bytes),
        SCRATCH_TEST(resuming_a_finished_run_changes_nothing),
        cmocka_unit_test(there_is_room_for_a_fact_of_every_setting),
        SCRATCH_TEST(a_resume_with_changed_data_or_setting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
