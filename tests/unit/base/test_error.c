#include "base/error.h"

#include "base/utf8.h"
#include "failing_alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void each_setter_returns_the_status_it_sets(void **state)
{
    (void)state;
    assert_int_equal(error_set(&err, "%s:%d: label", "a.csv", 3), STATUS_FAILED);
    assert_string_equal(err.message, "a.csv:3: label");
    assert_int_equal(err.status, STATUS_FAILED);
    assert_int_equal(error_usage(&err, "--k: %s", "x"), STATUS_USAGE);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_string_equal(err.message, "--k: x");
    assert_int_equal(error_memory(&err, 7, "x"), STATUS_FAILED);
    assert_string_equal(err.message, "out of memory: no 7 bytes for x");
}

static void errno_is_put_behind_the_message(void **state)
{
    (void)state;
    errno = ENOENT;
    assert_int_equal(error_errno(&err, "cannot open %s", "a"), STATUS_FAILED);
    assert_string_equal(err.message, "cannot open a: No such file or directory");
}

static void a_prefix_comes_before_and_keeps_the_status(void **state)
{
    (void)state;
    error_usage(&err, "inner");
    assert_int_equal(error_prefix(&err, "outer %d", 1), STATUS_USAGE);
    assert_string_equal(err.message, "outer 1: inner");
}

/* The message has all the room there is, begins and ends as said, and has one "..." between. */
static void assert_cut_between(const char *begin, const char *end)
{
    size_t length = strlen(err.message);
    assert_int_equal(length, sizeof err.message - 1);
    assert_memory_equal(err.message, begin, strlen(begin));
    assert_string_equal(err.message + length - strlen(end), end);
    const char *dots = strstr(err.message, "...");
    assert_non_null(dots);
    assert_null(strstr(dots + 1, "..."));
}

static void of_a_message_that_is_too_long_the_beginning_and_the_end_stay(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    error_set(&err, "train.csv:17: label \"%s\" is not an integer", text);
    assert_cut_between("train.csv:17: label \"xxx", "xxx\" is not an integer");
    error_prefix(&err, "p");
    assert_cut_between("p: train.csv:17: label \"xxx", "xxx\" is not an integer");
    error_set(&err, "no such key");
    error_prefix(&err, "%s", text);
    assert_cut_between("xxx", "xxx: no such key");
    errno = ENOENT;
    error_errno(&err, "cannot open %s", text);
    assert_cut_between("cannot open xxx", "xxx: No such file or directory");

    text[sizeof err.message - 1] = '\0'; /* the longest that fits */
    error_set(&err, "%s", text);
    assert_string_equal(err.message, text);
}

static void a_cut_splits_no_character(void **state)
{
    (void)state;
    char text[3003];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 4); /* a euro sign of three bytes */
    for (int shift = 0; shift < 3; shift++) {
        error_set(&err, "%.*s%s%.*s", shift, "ab", text, 2 - shift, "yz");
        assert_true(utf8_valid(err.message));
        assert_non_null(strstr(err.message, "\xAC...\xE2"));
        assert_in_range(strlen(err.message), sizeof err.message - 5, sizeof err.message - 1);
    }
    memset(text, 0x80, sizeof text - 1); /* no character at all */
    error_set(&err, "%s", text);
    assert_in_range(strlen(err.message), sizeof err.message - 10, sizeof err.message - 1);
}

static void without_memory_the_beginning_stays(void **state)
{
    (void)state;
    static char text[2000];
    memset(text, 'x', sizeof text - 1);
    failing_alloc_after(1);
    error_set(&err, "label %s", text);
    failing_alloc_off();
    assert_memory_equal(err.message, "label xxx", 9);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    error_set(&err, "label \"%s\"", "a\nb\x1B[2J\x7F");
    assert_string_equal(err.message, "label \"a?b?[2J?\"");
    error_prefix(&err, "%s", "x\ty");
    assert_string_equal(err.message, "x?y: label \"a?b?[2J?\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setter_returns_the_status_it_sets),
        cmocka_unit_test(errno_is_put_behind_the_message),
        cmocka_unit_test(a_prefix_comes_before_and_keeps_the_status),
        cmocka_unit_test(of_a_message_that_is_too_long_the_beginning_and_the_end_stay),
        cmocka_unit_test(a_cut_splits_no_character),
        cmocka_unit_test(without_memory_the_beginning_stays),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
