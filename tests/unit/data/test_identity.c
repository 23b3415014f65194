#include "data/identity.h"

#include "data/scratch_files.h"

static struct error err;

static void check(struct identity *identity, const char *path, const char *expected)
{
    const char *name;
    assert_int_equal(identity_resolve(identity, &name, path, &err), STATUS_OK);
    assert_string_equal(name, expected);
}

static void spellings_of_one_file_have_one_identity(void **state)
{
    (void)state;
    struct identity identity = {0};
    char real[4096], expected[4200];
    assert_non_null(realpath(scratch_folder, real));
    assert_int_equal(mkdir(scratch_path("a"), 0777), 0);
    assert_int_equal(mkdir(scratch_path("b"), 0777), 0);
    assert_int_equal(symlink("a", scratch_path("link")), 0);
    snprintf(expected, sizeof expected, "%s/a/x.png", real);
    check(&identity, scratch_path("a/x.png"), expected);
    check(&identity, scratch_path("./a//x.png"), expected);
    check(&identity, scratch_path("b/../a/x.png"), expected);
    check(&identity, scratch_path("link/x.png"), expected);
    snprintf(expected, sizeof expected, "%s/b/x.png", real);
    check(&identity, scratch_path("b/x.png"), expected);
    identity_free(&identity);
}

static void a_folder_that_does_not_exist_keeps_its_spelling(void **state)
{
    (void)state;
    struct identity identity = {0};
    check(&identity, "/no such folder/x.png", "/no such folder/x.png");
    identity_free(&identity);
}

static void a_folder_that_does_not_exist_has_one_identity_all_the_same(void **state)
{
    (void)state;
    struct identity identity = {0};
    char here[4096], expected[4200];
    assert_non_null(realpath(".", here));
    snprintf(expected, sizeof expected, "%s/none/a/x.png", here);
    check(&identity, "none/a/x.png", expected);
    check(&identity, "./none//a/x.png", expected);
    check(&identity, "none/b/.././a/x.png", expected);
    check(&identity, "/no such/../none/x.png", "/none/x.png");
    check(&identity, "/no such/../../none/x.png", "/none/x.png");
    identity_free(&identity);
}

static void links_to_files_are_followed_when_asked_for(void **state)
{
    (void)state;
    struct identity identity = {.follows_links = true}, plain = {0};
    char real[4096], expected[4200];
    scratch_write_text("a.png", "a");
    assert_int_equal(symlink("a.png", scratch_path("soft.png")), 0);
    assert_int_equal(symlink("soft.png", scratch_path("softer.png")), 0);
    assert_int_equal(symlink("nothing.png", scratch_path("broken.png")), 0);
    assert_non_null(realpath(scratch_path("."), real));
    snprintf(expected, sizeof expected, "%s/a.png", real);
    check(&identity, scratch_path("a.png"), expected);
    check(&identity, scratch_path("soft.png"), expected);
    check(&identity, scratch_path("softer.png"), expected);
    snprintf(expected, sizeof expected, "%s/broken.png", real);
    check(&identity, scratch_path("broken.png"), expected);
    snprintf(expected, sizeof expected, "%s/soft.png", real);
    check(&plain, scratch_path("soft.png"), expected);
    identity_free(&identity);
    identity_free(&plain);
}

static void a_bare_name_is_of_the_working_folder(void **state)
{
    (void)state;
    struct identity identity = {0};
    char here[4096], expected[4200];
    assert_non_null(realpath(".", here));
    snprintf(expected, sizeof expected, "%s/x.png", here);
    check(&identity, "x.png", expected);
    check(&identity, "./x.png", expected);
    identity_free(&identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(spellings_of_one_file_have_one_identity),
        cmocka_unit_test(a_folder_that_does_not_exist_keeps_its_spelling),
        cmocka_unit_test(a_folder_that_does_not_exist_has_one_identity_all_the_same),
        SCRATCH_TEST(links_to_files_are_followed_when_asked_for),
        cmocka_unit_test(a_bare_name_is_of_the_working_folder),
    };
    return cmocka_run_group_tests_name("data/identity", tests, NULL, NULL);
}
