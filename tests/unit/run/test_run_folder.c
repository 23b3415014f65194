/* run/files/run_folder, run/files/table_file, run/files/class_tables. */
#include "run/files/class_tables.h"
#include "run/files/run_folder.h"
#include "run/files/table_file.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *names[] = {"cat", "a, \"b\""};
static const struct class_list classes = {.name = names, .n = 2};

#define BATCH_HEADER                                                                               \
    "epoch,batch,images,k,loss,mean_loss,accuracy,learning_rate,gradient_norm,threshold,"          \
    "seconds,wait_seconds,images_per_second\n"
#define RESULT_HEADER                                                                              \
    "epoch,train_loss,train_mean_loss,train_accuracy,val_mean_loss,val_loss,val_accuracy,"         \
    "val_balanced_accuracy,val_macro_f1,learning_rate,recall cat,\"recall a, "                     \
    "\"\"b\"\"\",selected,selected cat,\"selected a, \"\"b\"\"\",seconds\n"

static const struct run_batch_row batch = {.epoch = 1,
                                           .batch = 2,
                                           .images = 4,
                                           .k = 3,
                                           .loss = 1.5,
                                           .mean_loss = 1.25,
                                           .accuracy = 0.5,
                                           .learning_rate = 1e-3,
                                           .gradient_norm = 0.25,
                                           .threshold = 0.75,
                                           .seconds = 2,
                                           .wait_seconds = 0.125,
                                           .images_per_second = 2};

static void rows_are_what_a_reader_expects(void **state)
{
    struct run_folder *f;
    struct error err;
    const double recall[] = {NAN, 0.75}, selected[] = {0.5, 1};
    struct run_epoch_row epoch = {.epoch = 1,
                                  .train_loss = 2,
                                  .train_mean_loss = 1.5,
                                  .train_accuracy = 0.25,
                                  .learning_rate = 1e-3,
                                  .validated = true,
                                  .val_mean_loss = 1.75,
                                  .val_loss = 2.5,
                                  .val_accuracy = 0.5,
                                  .val_balanced_accuracy = 0.75,
                                  .val_macro_f1 = 0.625,
                                  .recall = recall,
                                  .selected = 0.625,
                                  .class_selected = selected,
                                  .n_classes = 2,
                                  .seconds = 10};

    (void)state;
    assert_int_equal(run_folder_create(&f, scratch_path("deep/run"), &classes, &err), STATUS_OK);
    assert_int_equal(run_folder_append_batch(f, &batch, &err), STATUS_OK);
    scratch_assert_content(run_folder_file(f, RUN_FILE_BATCHES),
                           BATCH_HEADER "1,2,4,3,1.5,1.25,0.5,0.001,0.25,0.75,2,0.125,2\n");
    assert_int_equal(run_folder_append_epoch(f, &epoch, &err), STATUS_OK);
    epoch.epoch = 2;
    epoch.validated = false;
    epoch.recall = NULL;
    assert_int_equal(run_folder_append_epoch(f, &epoch, &err), STATUS_OK);
    scratch_assert_content(run_folder_file(f, RUN_FILE_RESULTS), RESULT_HEADER
                           "1,2,1.5,0.25,1.75,2.5,0.5,0.75,0.625,0.001,,0.75,0.625,0.5,1,10\n"
                           "2,2,1.5,0.25,,,,,,0.001,,,0.625,0.5,1,10\n");
    run_folder_close(f);
}

static void an_existing_folder_is_never_overwritten(void **state)
{
    struct run_folder *f;
    struct error err;
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s", scratch_path("run"));
    assert_int_equal(run_folder_check(path, &err), STATUS_OK);
    assert_int_equal(run_folder_create(&f, path, &classes, &err), STATUS_OK);
    run_folder_close(f);
    assert_int_equal(run_folder_create(&f, path, &classes, &err), STATUS_USAGE);
    assert_null(f);
    assert_non_null(strstr(err.message, "exists already"));
    assert_int_equal(run_folder_check(path, &err), STATUS_USAGE);
    /* A file in the way is as good as a folder. */
    assert_int_equal(run_folder_create(&f, scratch_path("run/batches.csv"), &classes, &err),
                     STATUS_USAGE);
}

static void folders_without_a_name_are_numbered(void **state)
{
    struct run_folder *f;
    struct error err;
    char before[512];

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_folder), 0);
    assert_int_equal(mkdir("runs", 0777), 0);
    assert_int_equal(mkdir("runs/train2", 0777), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run_folder_create(&f, NULL, &classes, &err), STATUS_OK);
        assert_string_equal(run_folder_path(f), i == 0 ? "runs/train1" : "runs/train3");
        run_folder_close(f);
    }
    assert_int_equal(chdir(before), 0);
}

static void a_resumed_run_forgets_what_came_after_its_state(void **state)
{
    struct run_folder *f, *second;
    struct run_folder_marks marks;
    struct error err;
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s", scratch_path("run"));
    assert_int_equal(run_folder_create(&f, path, &classes, &err), STATUS_OK);
    assert_int_equal(run_folder_append_batch(f, &batch, &err), STATUS_OK);
    assert_int_equal(run_folder_sync(f, &marks, &err), STATUS_OK);
    assert_int_equal(marks.results.length, strlen(RESULT_HEADER));
    assert_int_equal(run_folder_append_batch(f, &batch, &err), STATUS_OK);
    run_folder_close(f);

    assert_int_equal(run_folder_open(&f, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "no state.safetensors"));
    scratch_write("run/state.safetensors", "", 0);
    assert_int_equal(run_folder_open(&f, path, &err), STATUS_OK);
    assert_int_equal(run_folder_open(&second, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "another program"));
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_OK);
    scratch_assert_content(run_folder_file(f, RUN_FILE_BATCHES),
                           BATCH_HEADER "1,2,4,3,1.5,1.25,0.5,0.001,0.25,0.75,2,0.125,2\n");
    marks.batches.length++;
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_FAILED);
    run_folder_close(f);
}

static void a_table_that_another_has_written_is_not_cut(void **state)
{
    struct run_folder *f;
    struct run_folder_marks marks;
    struct error err;
    char path[256];
    static const char other[] = "hello,world\n";
    char many[sizeof other * 64] = "";

    (void)state;
    snprintf(path, sizeof path, "%s", scratch_path("run"));
    assert_int_equal(run_folder_create(&f, path, &classes, &err), STATUS_OK);
    assert_int_equal(run_folder_append_batch(f, &batch, &err), STATUS_OK);
    assert_int_equal(run_folder_sync(f, &marks, &err), STATUS_OK);
    run_folder_close(f);
    scratch_write("run/state.safetensors", "", 0);

    /* What was hashed while it was written and what is hashed from the file are one. */
    assert_int_equal(run_folder_open(&f, path, &err), STATUS_OK);
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_OK);
    assert_int_equal(run_folder_append_batch(f, &batch, &err), STATUS_OK);
    assert_int_equal(run_folder_sync(f, &marks, &err), STATUS_OK);
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_OK);
    run_folder_close(f);

    for (int i = 0; i < 60; i++)
        strcat(many, other);
    scratch_write("run/batches.csv", many, strlen(many));
    assert_int_equal(run_folder_open(&f, path, &err), STATUS_OK);
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "batches.csv is not what the run wrote"));
    scratch_assert_content(run_folder_file(f, RUN_FILE_BATCHES), many);
    marks.batches.hash = 0; /* of a state that does not know it */
    assert_int_equal(run_folder_truncate(f, &marks, &err), STATUS_OK);
    run_folder_close(f);
}

/* A limit on the size of files stands for a full disk: a row that does not fit is written in part,
 * then not at all. */
static void a_row_that_does_not_fit_is_taken_back(void **state)
{
    struct table_file t;
    struct error err;
    struct rlimit before, limit;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(table_file_open(&t, scratch_path("t.csv"), true, &err), STATUS_OK);
    limit = before;
    limit.rlim_cur = 8;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum status status[3];
    for (int i = 0; i < 3; i++) { /* "12345\n" fits, the next has room for two bytes */
        status[i] = table_file_begin(&t, &err);
        fputs("12345", t.stream);
        status[i] = status[i] == STATUS_OK ? table_file_end(&t, &err) : status[i];
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status[0], STATUS_OK);
    assert_int_equal(status[1], STATUS_FAILED);
    assert_int_equal(status[2], STATUS_FAILED);
    scratch_assert_content(t.path, "12345\n");
    table_file_close(&t);
}

static void a_confusion_matrix_becomes_two_tables(void **state)
{
    struct confusion confusion;
    struct error err;
    const char *path = scratch_path("c.csv");

    (void)state;
    assert_int_equal(confusion_create(&confusion, 2, 4, &err), STATUS_OK);
    for (int i = 0; i < 4; i++)
        confusion_add(&confusion, 0, i == 2); /* four cats, one of them taken for the other */
    assert_int_equal(class_tables_write_confusion(path, &classes, &confusion, &err), STATUS_OK);
    scratch_assert_content(path,
                           "true\\predicted,cat,\"a, \"\"b\"\"\"\ncat,3,1\n\"a, \"\"b\"\"\",0,0\n");
    assert_int_equal(class_tables_write_per_class(path, &classes, &confusion, &err), STATUS_OK);
    scratch_assert_content(path, "class,images,correct,recall,precision,f1\n"
                                 "cat,4,3,0.75,1,0.857143\n\"a, \"\"b\"\"\",0,0,,0,0\n");
    confusion_free(&confusion);
}

static void running_out_of_memory_leaves_no_folder(void **state)
{
    struct run_folder *f;
    struct error err;
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s", scratch_path("run"));
    FAILING_ALLOC_EACH(run_folder_create(&f, path, &classes, &err), &err) {
        assert_null(f);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    run_folder_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(rows_are_what_a_reader_expects),
        SCRATCH_TEST(an_existing_folder_is_never_overwritten),
        SCRATCH_TEST(folders_without_a_name_are_numbered),
        SCRATCH_TEST(a_resumed_run_forgets_what_came_after_its_state),
        SCRATCH_TEST(a_table_that_another_has_written_is_not_cut),
        SCRATCH_TEST(a_row_that_does_not_fit_is_taken_back),
        SCRATCH_TEST(a_confusion_matrix_becomes_two_tables),
        SCRATCH_TEST(running_out_of_memory_leaves_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
