/* run/files/weights_library: names, paths, run folders, and what is not there. */
#include "run/files/weights_library.h"

#include "failing_alloc.h"
#include "scratch.h"

#include "base/files.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error err;

/* $XDG_DATA_HOME with resnet50 in it; and below $HOME, where it is by default, with lite. */
static void make_library(void)
{
    bool existed;
    char path[512];
    assert_int_equal(setenv("XDG_DATA_HOME", scratch_path("data"), 1), 0);
    assert_int_equal(setenv("HOME", scratch_path("home"), 1), 0);
    snprintf(path, sizeof path, "%s/data/atk-train/weights", scratch_path("."));
    assert_int_equal(files_make_directory(path, &existed, &err), STATUS_OK);
    scratch_write("data/atk-train/weights/resnet50.safetensors", "x", 1);
    snprintf(path, sizeof path, "%s/home/.local/share/atk-train/weights", scratch_path("."));
    assert_int_equal(files_make_directory(path, &existed, &err), STATUS_OK);
    scratch_write("home/.local/share/atk-train/weights/lite.safetensors", "x", 1);
}

static void assert_found(const char *what, const char *end)
{
    char *path;
    if (weights_library_find(&path, what, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    size_t length = strlen(path), n = strlen(end);
    assert_true(length >= n);
    assert_string_equal(path + length - n, end);
    free(path);
}

static void assert_refused(const char *what, enum status status, const char *message)
{
    char *path;
    assert_int_equal(weights_library_find(&path, what, &err), status);
    assert_null(path);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
}

static void a_name_is_found_in_the_data_folder(void **state)
{
    (void)state;
    make_library();
    assert_found("resnet50", "/data/atk-train/weights/resnet50.safetensors");
    assert_int_equal(setenv("XDG_DATA_HOME", "relative", 1), 0); /* counts as none */
    assert_found("lite", "/home/.local/share/atk-train/weights/lite.safetensors");
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_found("lite", "/home/.local/share/atk-train/weights/lite.safetensors");
    assert_int_equal(unsetenv("HOME"), 0);
    assert_refused("lite", STATUS_FAILED, "neither XDG_DATA_HOME nor HOME is set");
}

static void a_path_is_not_looked_at(void **state)
{
    (void)state;
    make_library();
    assert_found("resnet50.safetensors", "resnet50.safetensors");
    assert_found("gone/resnet50", "gone/resnet50");
}

static void a_name_that_is_not_there_is_told_how_to_get_it(void **state)
{
    (void)state;
    make_library();
    assert_refused("mobilenetv2", STATUS_USAGE,
                   "/data/atk-train/weights/mobilenetv2.safetensors; get it with: "
                   "atk-get-weights mobilenetv2");
    assert_refused("resnet5", STATUS_USAGE, "did you mean resnet50?");
    assert_int_equal(setenv("XDG_DATA_HOME", "/nowhere", 1), 0);
    assert_refused("resnet50", STATUS_USAGE, "/nowhere/atk-train/weights/resnet50.safetensors");
}

static void a_run_folder_stands_for_its_best_or_last_weights(void **state)
{
    (void)state;
    bool existed;
    char run[512];
    snprintf(run, sizeof run, "%s", scratch_path("run"));
    assert_int_equal(files_make_directory(run, &existed, &err), STATUS_OK);
    assert_refused(run, STATUS_FAILED, "holds neither best.safetensors nor last.safetensors");
    scratch_write("run/last.safetensors", "x", 1);
    assert_found(run, "/run/last.safetensors");
    scratch_write("run/best.safetensors", "x", 1);
    assert_found(run, "/run/best.safetensors");
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    char *path;
    make_library();
    FAILING_ALLOC_EACH(weights_library_find(&path, "resnet50", &err), &err)
        assert_null(path);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_name_is_found_in_the_data_folder),
        SCRATCH_TEST(a_path_is_not_looked_at),
        SCRATCH_TEST(a_name_that_is_not_there_is_told_how_to_get_it),
        SCRATCH_TEST(a_run_folder_stands_for_its_best_or_last_weights),
        SCRATCH_TEST(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
