#include "data/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void a_column_is_found_by_name_with_spaces_around_it(void **state)
{
    (void)state;
    char *field[] = {"id", " image\t", "label"};
    const struct csv_row header = {.line = 1, .n_fields = 3, .field = field};
    int column;
    assert_int_equal(columns_find(&column, &header, "image", false, "t.csv", &err), STATUS_OK);
    assert_int_equal(column, 1);
    assert_int_equal(columns_find(&column, &header, "weight", true, "t.csv", &err), STATUS_OK);
    assert_int_equal(column, -1);
}

static void a_missing_column_is_answered_by_those_that_are_there(void **state)
{
    (void)state;
    char *field[] = {"file", " Label "};
    const struct csv_row header = {.line = 3, .n_fields = 2, .field = field};
    int column;
    assert_int_equal(columns_find(&column, &header, "image", false, "t.csv", &err), STATUS_FAILED);
    assert_string_equal(err.message,
                        "t.csv:3: no column \"image\" in the header; columns: \"file\", \"Label\" "
                        "(use --no-header if this row is data)");
    assert_int_equal(columns_find(&column, &header, "label", false, "t.csv", &err), STATUS_FAILED);
    assert_string_equal(err.message, "t.csv:3: no column \"label\" in the header; did you mean "
                                     "\"Label\"? (columns: \"file\", \"Label\")");
}

/* The message for a header of this one field, behind its place. */
static const char *complaint(char *field)
{
    const struct csv_row header = {.line = 1, .n_fields = 1, .field = &field};
    int column;
    assert_int_equal(columns_find(&column, &header, "image", false, "t.csv", &err), STATUS_FAILED);
    assert_memory_equal(err.message, "t.csv:1: ", 9);
    return err.message + 9;
}

static void a_header_of_one_column_may_have_another_delimiter(void **state)
{
    (void)state;
    assert_string_equal(
        complaint("image;label"),
        "no column \"image\" in the header; its only column is \"image;label\": use "
        "--delimiter ';'");
    assert_non_null(strstr(complaint("image|label"), ": use --delimiter '|'"));
    assert_non_null(strstr(complaint("label,image"), ": use --delimiter ','"));
    assert_non_null(strstr(complaint("image label\tx"), ": use --delimiter tab"));
    assert_string_equal(
        complaint("photo;label"),
        "no column \"image\" in the header; its only column is \"photo;label\" (see "
        "--delimiter, or --no-header if this row is data)");
}

static void a_spreadsheets_line_about_its_separator_is_no_header(void **state)
{
    (void)state;
    assert_string_equal(complaint("sep=;"), "\"sep=;\" is a line for spreadsheets and no header: "
                                            "remove it, and use --delimiter ';'");
    assert_string_equal(complaint("sep="),
                        "\"sep=\" is a line for spreadsheets and no header: remove it");
}

static void a_long_header_is_cut_in_the_message(void **state)
{
    (void)state;
    char *field[200];
    for (int i = 0; i < 200; i++)
        field[i] = "a_column_of_many";
    const struct csv_row header = {.line = 1, .n_fields = 200, .field = field};
    int column;
    assert_int_equal(columns_find(&column, &header, "image", false, "t.csv", &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "... (use --no-header"));
}

static void a_column_that_is_there_twice_is_an_error(void **state)
{
    (void)state;
    char *field[] = {"image", "label", "image"};
    const struct csv_row header = {.line = 1, .n_fields = 3, .field = field};
    int column;
    assert_int_equal(columns_find(&column, &header, "image", true, "t.csv", &err), STATUS_FAILED);
    assert_string_equal(err.message,
                        "t.csv:1: column \"image\" is there twice, as columns 1 and 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_found_by_name_with_spaces_around_it),
        cmocka_unit_test(a_missing_column_is_answered_by_those_that_are_there),
        cmocka_unit_test(a_header_of_one_column_may_have_another_delimiter),
        cmocka_unit_test(a_spreadsheets_line_about_its_separator_is_no_header),
        cmocka_unit_test(a_long_header_is_cut_in_the_message),
        cmocka_unit_test(a_column_that_is_there_twice_is_an_error),
    };
    return cmocka_run_group_tests_name("data/columns", tests, NULL, NULL);
}
