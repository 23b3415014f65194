/* data/path_hint: what was meant is named, when it is there. */
#include "data/path_hint.h"

#include "base/files.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error err;

static void assert_hint(const char *path, const char *hint)
{
    error_set(&err, "cannot open");
    path_hint(&err, path);
    assert_int_equal(err.status, STATUS_FAILED);
    assert_non_null(strstr(err.message, hint));
}

static void assert_no_hint(const char *path)
{
    error_set(&err, "cannot open");
    path_hint(&err, path);
    assert_string_equal(err.message, "cannot open");
}

static void a_path_written_otherwise_is_named(void **state)
{
    (void)state;
    char url[600], slashes[600];
    scratch_write("a b.png", "x", 1);
    scratch_write("\xc3\xa9t\xc3\xa9.png", "x", 1); /* composed */
    assert_int_equal(mkdir(scratch_path("d"), 0700), 0);
    scratch_write("d/c.png", "x", 1);
    assert_hint(scratch_path("a b.png "), "a b.png\" (without the spaces)");
    assert_hint(scratch_path(" a b.png"), "a b.png\" (without the spaces)");
    snprintf(slashes, sizeof slashes, "%s", scratch_path("d\\c.png"));
    assert_hint(slashes, "d/c.png\" (with slashes for backslashes)");
    snprintf(url, sizeof url, "photos/file://%s/a%%20b.png", scratch_folder);
    assert_hint(url, "a b.png\" (a path, not a URL)");
    assert_hint(scratch_path("e\xcc\x81te\xcc\x81.png"), "there is \"\xc3\xa9t\xc3\xa9.png\"");
    assert_hint(scratch_path("A B.PNG"), "there is \"a b.png\" (other accents, case or spaces");
}

static void nothing_is_said_of_what_is_there_or_is_like_nothing(void **state)
{
    (void)state;
    scratch_write("a.png", "x", 1);
    assert_no_hint(scratch_path("a.png"));
    assert_no_hint(scratch_path("b.png"));
    assert_no_hint(scratch_path("b.png "));
    assert_no_hint(scratch_path("none/b.png"));
    assert_no_hint("");
    assert_int_equal(symlink("nothing", scratch_path("link.png")), 0);
    assert_no_hint(scratch_path("link.png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_path_written_otherwise_is_named),
        SCRATCH_TEST(nothing_is_said_of_what_is_there_or_is_like_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
