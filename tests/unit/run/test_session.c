/* run/train/session: what is opened for a run, and what becomes of it when memory ends at any
 * point. */
#include "run/settings/settings_table.h"
#include "run/train/session.h"

#include "data/image_set.h"
#include "failing_alloc.h"
#include "io/safetensors.h"

static const char network[] = "stem: [{width: 4, kernel: 3, stride: 2}]\n"
                              "block: basic\n"
                              "stages: [{blocks: 1, width: 4, stride: 1}]\n"
                              "norm: {kind: group, groups: 2}\n";

static void set(struct settings *s, const char *name, const char *value)
{
    struct error err;

    if (settings_set(s, settings_table_find(name), value, name, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

/* The image set of the data floor: 23 rows of three classes (8, 8 and 7). */
static void make_settings(struct settings *s)
{
    struct error err;

    dataset_destroy(image_set());
    assert_int_equal(settings_init(s, &err), STATUS_OK);
    set(s, "data", scratch_path("set.csv"));
    set(s, "model", scratch_write_text("net.yaml", network));
    set(s, "out", scratch_path("run"));
    set(s, "size", "16");
    set(s, "threads", "1");
    set(s, "workers", "1");
    set(s, "val-split", "0.25");
}

static enum status open_all(struct session *s, const struct settings *settings, struct error *err)
{
    enum status status = session_load(s, settings, err);

    if (status == STATUS_OK && session_wants_check(s))
        status = session_check(s, NULL, err);
    return status == STATUS_OK ? session_open(s, err) : status;
}

static void a_session_opens_what_a_run_needs(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;

    (void)state;
    make_settings(&settings);
    assert_int_equal(open_all(&s, &settings, &err), STATUS_OK);
    assert_int_equal(s.train.n, 17);
    assert_int_equal(s.val.n, 6); /* two of each class */
    assert_int_equal(s.val.count[0], 2);
    assert_int_equal(s.memory.images, 23 * resized_image_bytes(16));
    for (int i = 0; i < 17; i++) /* the check has filled them */
        assert_non_null(cache_find(s.cache, s.train.row[i]));
    for (int i = 0; i < 6; i++)
        assert_non_null(cache_find(s.val_cache, s.val.row[i]));
    assert_int_equal(loader_batches(s.train_loader), 3);
    assert_int_equal(loader_batches(s.val_loader), 1);
    assert_string_equal(run_folder_path(s.folder), settings.out);
    assert_int_equal(access(run_folder_file(s.folder, RUN_FILE_SPLIT), F_OK), 0);
    assert_string_equal(s.metadata.classes.name[2], "2");
    session_close(&s);
    session_close(&s); /* a zeroed one is fine */
    settings_free(&settings);
}

static void bad_images_leave_both_sides(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;

    (void)state;
    make_settings(&settings);
    assert_int_equal(session_load(&s, &settings, &err), STATUS_OK);
    int bad_train = s.train.row[3], bad_val = s.val.row[1];
    scratch_write_text(dataset_sample(s.data, bad_train)->image, "no image");
    scratch_write_text(dataset_sample(s.data, bad_val)->image, "no image");
    assert_int_equal(session_check(&s, NULL, &err), STATUS_OK);
    assert_int_equal(s.n_bad, 2);
    assert_true(s.bad[0].row < s.bad[1].row);
    assert_int_equal(s.train.n, 16);
    assert_int_equal(s.val.n, 5);
    for (int i = 0; i < s.train.n; i++)
        assert_int_not_equal(s.train.row[i], bad_train);
    for (int i = 0; i < s.val.n; i++)
        assert_int_not_equal(s.val.row[i], bad_val);
    assert_int_equal(s.val.count[0] + s.val.count[1] + s.val.count[2], 5);
    session_close(&s);
    settings_free(&settings);
}

static void the_cache_holds_all_or_what_was_asked_for(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;

    (void)state;
    make_settings(&settings);
    set(&settings, "size", "256"); /* 23 x 192 KiB = 4.3 MiB */
    set(&settings, "cache-mib", "2");
    assert_int_equal(session_load(&s, &settings, &err), STATUS_OK);
    assert_int_equal(s.memory.cache, 0); /* auto: not all, so none */
    session_close(&s);
    set(&settings, "cache", "memory");
    assert_int_equal(session_load(&s, &settings, &err), STATUS_OK);
    assert_int_equal(s.memory.cache, 2 << 20);
    assert_false(session_wants_check(&s)); /* most images would be read in vain */
    assert_int_equal(session_check_files(&s, &err), STATUS_OK);
    unlink(dataset_sample(s.data, s.val.row[0])->path);
    assert_int_equal(session_check_files(&s, &err), STATUS_FAILED);
    session_close(&s);
    settings_free(&settings);
}

/* They are the training images' alone, and from then on numbers that were given. */
static void mean_and_std_of_the_data_become_numbers(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;
    struct colour_sums sums = {0};
    float mean[3], std[3];
    char text[SETTINGS_TEXT_BYTES];

    (void)state;
    make_settings(&settings);
    set(&settings, "mean", "data");
    set(&settings, "std", "data");
    set(&settings, "cache", "none");
    assert_int_equal(session_load(&s, &settings, &err), STATUS_OK);
    assert_true(session_wants_check(&s)); /* though nothing is kept */
    session_close(&s);
    set(&settings, "cache", "auto");
    assert_int_equal(open_all(&s, &settings, &err), STATUS_OK);
    for (int i = 0; i < s.train.n; i++)
        colour_sums_add(&sums, cache_find(s.cache, s.train.row[i])->rgb, 16 * 16);
    assert_true(colour_sums_mean_std(mean, std, &sums));
    assert_memory_equal(s.metadata.mean, mean, sizeof mean);
    assert_memory_equal(s.metadata.std, std, sizeof std);
    assert_memory_equal(s.settings->mean.value, mean, sizeof mean);
    assert_string_not_equal(settings_text(s.settings, settings_table_find("mean"), text), "data");
    session_close(&s);
    settings_free(&settings);
}

/* ---- What a weights file decides ---- */

/* The weights of a network that sees 24 x 24 pixels, as --weights of the next run. */
static const char *make_weights(void)
{
    struct settings settings;
    struct session s;
    struct error err;

    make_settings(&settings);
    set(&settings, "size", "24");
    set(&settings, "mean", "0.25,0.5,0.125");
    set(&settings, "std", "2");
    if (open_all(&s, &settings, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    const char *path = scratch_path("w.safetensors");
    if (checkpoint_write(path, model_params(s.model), &s.metadata, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    session_close(&s);
    settings_free(&settings);
    return path;
}

/* Not --model and --size, which make_settings gives. */
static void make_bare_settings(struct settings *s)
{
    struct error err;

    dataset_destroy(image_set());
    assert_int_equal(settings_init(s, &err), STATUS_OK);
    set(s, "data", scratch_path("set.csv"));
    set(s, "out", scratch_path("run2"));
    set(s, "threads", "1");
}

static void network_and_images_are_those_of_the_weights_file(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;
    char text[SETTINGS_TEXT_BYTES];

    (void)state;
    make_bare_settings(&settings);
    set(&settings, "weights", make_weights());
    if (open_all(&s, &settings, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(s.settings->size, 24);
    assert_string_equal(settings_text(s.settings, settings_table_find("mean"), text),
                        "0.25,0.5,0.125");
    assert_string_equal(settings_text(s.settings, settings_table_find("std"), text), "2");
    assert_int_equal(settings.size, 448); /* the caller's are the caller's */
    assert_string_equal(s.spec.name, "net");
    assert_string_equal(s.settings->model, run_folder_file(s.folder, RUN_FILE_MODEL));
    assert_int_equal(s.weights_file.n_classes, 3);
    assert_int_equal(s.weights.classifier, CHECKPOINT_BY_NAME);
    assert_int_equal(s.weights.n_matched, 3);
    assert_int_equal(s.metadata.fit.size, 24);
    session_close(&s);
    settings_free(&settings);
}

/* Also its default. */
static void what_the_user_gives_wins_over_the_weights_file(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;

    (void)state;
    make_bare_settings(&settings);
    set(&settings, "weights", make_weights());
    set(&settings, "size", "16");
    set(&settings, "mean", "0");
    set(&settings, "std", "2");
    if (session_load(&s, &settings, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(s.settings->size, 16);
    assert_true(s.settings->mean.value[1] == 0);
    int n_other = 0;
    for (int i = 0; i < s.weights_file.n_taken; i++) {
        const struct session_taken *t = &s.weights_file.taken[i];
        if (strcmp(t->item->name, "size") == 0 || strcmp(t->item->name, "mean") == 0) {
            assert_false(t->is_taken);
            assert_string_equal(t->text, t->item->type == SETTING_INT ? "24" : "0.25,0.5,0.125");
            n_other++;
        }
        assert_string_not_equal(t->item->name, "std"); /* given, and the same */
    }
    assert_int_equal(n_other, 2);
    session_close(&s);
    settings_free(&settings);
}

static void assert_refused_with(const char *key, const char *value, const char *message)
{
    struct settings settings;
    struct session s;
    struct error err;

    make_bare_settings(&settings);
    set(&settings, "weights", scratch_path("w.safetensors"));
    if (safetensors_write(settings.weights, NULL, 0, &key, &value, 1, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_not_equal(session_load(&s, &settings, &err), STATUS_OK);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
    session_close(&s);
    settings_free(&settings);
}

static void metadata_that_cannot_be_used_is_refused(void **state)
{
    (void)state;
    assert_refused_with("size", "24.5", "w.safetensors: metadata key size: \"24.5\" is not an");
    assert_refused_with("std", "1 0 1", "w.safetensors: metadata key std: ");
    assert_refused_with("mean", "0 1", "w.safetensors: metadata key mean: ");
    assert_refused_with("format", "pt",
                        "w.safetensors does not say of which network it is: give "
                        "--model");
    assert_refused_with("architecture", "no-net", "w.safetensors says of which network it is: ");
    assert_refused_with("model", "stem: x\n", "w.safetensors:1: ");
}

/* The image cache may do without memory: an image is then not kept. All else is an error.
 * Threads allocate, too, so which allocation is the n-th differs from time to time; none may be
 * fatal. */
static void running_out_of_memory_is_a_clean_error(void **state)
{
    struct settings settings;
    struct session s;
    struct error err;
    char command[600];
    long n_failed = 0;

    (void)state;
    make_settings(&settings);
    snprintf(command, sizeof command, "rm -rf '%s'", settings.out);
    for (long n = 1;; n++) {
        failing_alloc_after(n);
        enum status status = open_all(&s, &settings, &err);
        long used = failing_alloc_count();
        failing_alloc_off();
        bool whole = status == STATUS_OK && s.folder && s.model && s.train_loader;
        session_close(&s);
        assert_int_equal(access(settings.out, F_OK) == 0, whole); /* no half of a folder */
        assert_int_equal(system(command), 0);
        if (used < n) {
            assert_true(whole);
            break;
        }
        if (status != STATUS_OK) {
            n_failed++;
            assert_int_equal(status, STATUS_FAILED);
            assert_non_null(strstr(err.message, "out of memory"));
        } else {
            assert_true(whole);
        }
    }
    assert_true(n_failed > 50); /* only the images of the cache may go missing */
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_session_opens_what_a_run_needs),
        SCRATCH_TEST(bad_images_leave_both_sides),
        SCRATCH_TEST(the_cache_holds_all_or_what_was_asked_for),
        SCRATCH_TEST(mean_and_std_of_the_data_become_numbers),
        SCRATCH_TEST(network_and_images_are_those_of_the_weights_file),
        SCRATCH_TEST(what_the_user_gives_wins_over_the_weights_file),
        SCRATCH_TEST(metadata_that_cannot_be_used_is_refused),
        SCRATCH_TEST(running_out_of_memory_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
