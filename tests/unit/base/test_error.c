#include "base/error.h"

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

static void assert_cut(void)
{
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_string_equal(err.message + sizeof err.message - sizeof "...", "...");
}

static void a_message_that_is_too_long_ends_in_dots(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, "%s", text);
    assert_cut();
    error_prefix(&err, "p");
    assert_cut();
    assert_memory_equal(err.message, "p: xxx", 6);
    errno = ENOENT;
    error_errno(&err, "%s", text);
    assert_cut();

    text[sizeof err.message - 1] = '\0'; /* the longest that fits */
    error_set(&err, "%s", text);
    assert_string_equal(err.message, text);
}

static void a_cut_does_not_split_a_character(void **state)
{
    (void)state;
    char text[2000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA4", 3); /* an umlaut of two bytes */
    error_set(&err, "%s", text);
    size_t length = strlen(err.message);
    assert_int_equal((unsigned char)err.message[length - 4], 0xA4);
    error_set(&err, "x%s", text);
    length = strlen(err.message);
    assert_int_equal((unsigned char)err.message[length - 4], 0xA4);
    assert_string_equal(err.message + length - 3, "...");
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
        cmocka_unit_test(a_message_that_is_too_long_ends_in_dots),
        cmocka_unit_test(a_cut_does_not_split_a_character),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
