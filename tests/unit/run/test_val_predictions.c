/* run/files/val_predictions and the columns of classes, which atk-predict has, too. */
#include "run/files/class_columns.h"
#include "run/files/val_predictions.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <glob.h>
#include <signal.h>
#include <sys/resource.h>

static struct dataset *load(void)
{
    struct dataset *data;
    struct error err;
    FILE *f = fopen(scratch_path("photos.csv"), "w");
    assert_non_null(f);
    fputs("image,label\na.png,cat\n\"b, 1.png\",label\nc.png,cat\n", f);
    fclose(f);
    const struct dataset_options options = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    assert_int_equal(dataset_load(&data, scratch_path("photos.csv"), &options, &err), STATUS_OK);
    return data;
}

static void a_row_for_each_image_in_the_order_they_come(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct val_predictions p;
    struct error err;
    const char *path = scratch_path("val_predictions.csv");
    assert_int_equal(val_predictions_open(&p, path, data, &err), STATUS_OK);
    val_predictions_put(&p, 2, 1, (const float[]){0.25F, 0.75F});
    val_predictions_put(&p, 1, 0, (const float[]){1, 1e-30F});
    assert_false(files_exist(path));
    assert_int_equal(val_predictions_commit(&p, &err), STATUS_OK);
    val_predictions_abandon(&p);
    scratch_assert_content(path, "image,label,predicted,probability,cat,class label\n"
                                 "c.png,cat,label,0.75,0.25,0.75\n"
                                 "\"b, 1.png\",label,cat,1,1,1e-30\n");
    dataset_destroy(data);
}

static void what_is_abandoned_leaves_the_file_of_before(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct val_predictions p = {0};
    struct error err;
    const char *path = scratch_path("val_predictions.csv");
    val_predictions_abandon(&p);
    assert_int_equal(files_write(path, "old\n", 4, &err), STATUS_OK);
    assert_int_equal(val_predictions_open(&p, path, data, &err), STATUS_OK);
    val_predictions_put(&p, 0, 0, (const float[]){1, 0});
    val_predictions_abandon(&p);
    val_predictions_abandon(&p);
    scratch_assert_content(path, "old\n");
    char pattern[600];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s*", path);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    globfree(&found);
    dataset_destroy(data);
}

static void a_disk_that_is_full_is_told_and_leaves_the_file_of_before(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct val_predictions p;
    struct error err;
    struct rlimit before, small;
    const char *path = scratch_path("val_predictions.csv");
    assert_int_equal(files_write(path, "old\n", 4, &err), STATUS_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 50, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(val_predictions_open(&p, path, data, &err), STATUS_OK);
    val_predictions_put(&p, 0, 0, (const float[]){1, 0});
    assert_int_equal(val_predictions_commit(&p, &err), STATUS_FAILED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(err.message, "val_predictions.csv"));
    scratch_assert_content(path, "old\n");
    dataset_destroy(data);
}

static char *columns(const struct class_list *classes, const char *const *other, int n_other)
{
    static char text[4096];
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_non_null(stream);
    class_columns_put(stream, classes, other, n_other);
    fclose(stream);
    return text;
}

static void a_class_called_like_a_column_gets_a_name_that_no_other_has(void **state)
{
    (void)state;
    char *name[] = {"image", "class image", "a,b", "label"};
    const struct class_list classes = {name, 4};
    static const char *const other[] = {"image", "predicted"};
    assert_string_equal(columns(&classes, other, 2),
                        ",class class image,class image,\"a,b\",label");
    static const char *const with_label[] = {"label", "class label"};
    assert_string_equal(columns(&classes, with_label, 2),
                        ",image,class image,\"a,b\",class class label");
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct val_predictions p;
    struct error failure = {0};
    FAILING_ALLOC_EACH(
        val_predictions_open(&p, scratch_path("val_predictions.csv"), data, &failure), &failure)
        assert_null(p.writer.stream);
    val_predictions_abandon(&p);
    dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_row_for_each_image_in_the_order_they_come),
        SCRATCH_TEST(what_is_abandoned_leaves_the_file_of_before),
        SCRATCH_TEST(a_disk_that_is_full_is_told_and_leaves_the_file_of_before),
        SCRATCH_TEST(a_class_called_like_a_column_gets_a_name_that_no_other_has),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
