/* run/files/library: names are looked up in the folders that are there, paths are left alone. */
#include "run/files/library.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error err;

static void fill(void)
{
    mkdir(scratch_path("models"), 0777);
    mkdir(scratch_path("configs"), 0777);
    scratch_write("models/small.yaml", "", 0);
    scratch_write("configs/quick.yaml", "", 0);
    scratch_write("configs/slow.yaml", "", 0);
    scratch_write("configs/notes.txt", "", 0);
    setenv("ATK_TRAIN_SHARE", scratch_folder, 1);
}

static void expect_path(enum library library, const char *what, const char *path)
{
    char *found;

    assert_int_equal(library_find(&found, library, what, &err), STATUS_OK);
    assert_string_equal(found, path);
    free(found);
}

static void expect_error(enum library library, const char *what, const char *message)
{
    char *found;

    assert_int_equal(library_find(&found, library, what, &err), STATUS_USAGE);
    assert_null(found);
    assert_string_equal(err.message, message);
}

static void each_kind_has_its_own_names(void **state)
{
    (void)state;
    fill();
    expect_path(LIBRARY_MODELS, "small", scratch_path("models/small.yaml"));
    expect_path(LIBRARY_CONFIGS, "quick", scratch_path("configs/quick.yaml"));
    /* ../configs of a build folder is none of this one's: tests are two folders deeper. */
    expect_error(LIBRARY_CONFIGS, "small",
                 "--config: \"small\" is not one of the recipes quick, slow");
    expect_error(LIBRARY_CONFIGS, "quik",
                 "--config: \"quik\" is not one of the recipes quick, slow; did you mean "
                 "\"quick\"?");
    expect_error(LIBRARY_MODELS, "quick", "--model: \"quick\" is not one of the networks small");
    assert_true(library_has(LIBRARY_CONFIGS, "slow"));
    assert_false(library_has(LIBRARY_CONFIGS, "notes"));
}

static void what_looks_like_a_path_is_one(void **state)
{
    (void)state;
    fill();
    expect_path(LIBRARY_CONFIGS, "quick.yaml", "quick.yaml");
    expect_path(LIBRARY_CONFIGS, "./quick", "./quick");
    expect_path(LIBRARY_CONFIGS, "a.yml", "a.yml");
}

/* Before recipes had names, --config took any file: one without ".yaml" is pointed at. */
static void a_file_of_an_unknown_name_is_pointed_at(void **state)
{
    char before[512];

    (void)state;
    fill();
    scratch_write("mine", "", 0);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_folder), 0);
    expect_error(LIBRARY_CONFIGS, "mine",
                 "--config: \"mine\" is not one of the recipes quick, slow; the file of that name "
                 "is ./mine");
    assert_int_equal(chdir(before), 0);
}

static void a_long_name_is_no_name(void **state)
{
    char name[300], *found;

    (void)state;
    fill();
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(library_find(&found, LIBRARY_CONFIGS, name, &err), STATUS_USAGE);
}

static void without_a_folder_it_says_so(void **state)
{
    (void)state;
    setenv("ATK_TRAIN_SHARE", scratch_folder, 1);
    expect_error(LIBRARY_CONFIGS, "quick",
                 "--config: \"quick\" is not a file, and no configs/ folder was found");
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    char *found;

    (void)state;
    fill();
    FAILING_ALLOC_EACH(library_find(&found, LIBRARY_MODELS, "small", &err), &err)
        free(found);
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(each_kind_has_its_own_names),
        SCRATCH_TEST(what_looks_like_a_path_is_one),
        SCRATCH_TEST(a_file_of_an_unknown_name_is_pointed_at),
        SCRATCH_TEST(a_long_name_is_no_name),
        SCRATCH_TEST(without_a_folder_it_says_so),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
