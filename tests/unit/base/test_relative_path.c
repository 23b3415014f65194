#include "base/relative_path.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error err;

static void assert_way(const char *from, const char *to, const char *expected)
{
    char *way;
    assert_int_equal(relative_path_find(&way, scratch_path(from), scratch_path(to), &err),
                     STATUS_OK);
    assert_string_equal(way, expected);
    free(way);
}

static void make_folders(void)
{
    static const char *const folder[] = {"a", "a/b", "a/b/c", "ab", "ab/d"};
    for (size_t i = 0; i < sizeof folder / sizeof *folder; i++)
        assert_int_equal(mkdir(scratch_path(folder[i]), 0777), 0);
}

static void the_way_goes_up_to_what_both_share_and_down_again(void **state)
{
    (void)state;
    make_folders();
    assert_way("a", "a", "");
    assert_way("a", "a/b", "b/");
    assert_way("a/b/c", "a", "../../");
    assert_way("a/b", "ab/d", "../../ab/d/"); /* "a" is no folder of "ab" */
    assert_way("ab", "a", "../a/");
    assert_way("a/", "./a/../ab", "../ab/");
}

static void links_are_followed(void **state)
{
    (void)state;
    make_folders();
    assert_int_equal(symlink("a/b", scratch_path("link")), 0);
    assert_way("link", "a", "../");
    assert_way("ab", "link", "../a/b/");
}

static void the_root_is_a_folder_too(void **state)
{
    (void)state;
    char *way;
    assert_int_equal(relative_path_find(&way, "/", "/usr", &err), STATUS_OK);
    assert_string_equal(way, "usr/");
    free(way);
    assert_int_equal(relative_path_find(&way, "/usr", "/", &err), STATUS_OK);
    assert_string_equal(way, "../");
    free(way);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    char *way;
    assert_int_equal(relative_path_find(&way, "/no such", "/", &err), STATUS_FAILED);
    assert_null(way);
    assert_string_equal(err.message, "/no such: No such file or directory");
    assert_int_equal(relative_path_find(&way, "/", "/no such", &err), STATUS_FAILED);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    char *way;
    FAILING_ALLOC_EACH(relative_path_find(&way, "/usr", "/", &err), &err)
        assert_null(way);
    free(way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_way_goes_up_to_what_both_share_and_down_again),
        SCRATCH_TEST(links_are_followed),
        cmocka_unit_test(the_root_is_a_folder_too),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("base/relative_path", tests, NULL, NULL);
}
