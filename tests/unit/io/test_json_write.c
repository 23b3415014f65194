#include "io/json_write.h"

#include "failing_alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The line that w becomes; the caller frees it. */
static char *end(struct json_write *w)
{
    char *text;
    size_t size;
    struct error err;
    FILE *stream = open_memstream(&text, &size);

    assert_int_equal(json_write_end(w, stream, &err), STATUS_OK);
    fclose(stream);
    return text;
}

static struct json_write *begin(void)
{
    struct error err;
    struct json_write *w = json_write_begin(&err);

    assert_non_null(w);
    return w;
}

static void assert_number(double number, const char *expected)
{
    char wanted[64];
    struct json_write *w = begin();

    json_write_number(w, "x", number);
    char *text = end(w);
    snprintf(wanted, sizeof wanted, "{\"x\": %s}\n", expected);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_list_holds_objects_and_may_be_empty(void **state)
{
    struct json_write *w = begin();

    (void)state;
    json_write_list_begin(w, "none");
    json_write_list_end(w);
    json_write_list_begin(w, "some");
    json_write_list_item(w);
    json_write_text(w, "a", "x");
    json_write_truth(w, "b", true);
    json_write_list_item(w);
    json_write_truth(w, "b", false);
    json_write_list_end(w);
    json_write_integer(w, "after", 1);
    char *text = end(w);
    assert_string_equal(text, "{\"none\": [], \"some\": [{\"a\": \"x\", \"b\": true}, "
                              "{\"b\": false}], \"after\": 1}\n");
    free(text);
}

static const int *row_of(void *context, int i)
{
    return (const int *)context + 3 * i;
}

static void texts_and_rows_of_numbers_are_lists(void **state)
{
    struct json_write *w = begin();
    static char a[] = "a", b[] = "\"b\"\xFF";
    int number[] = {1, -2, 3, 4, 5, 2147483647};

    (void)state;
    json_write_texts(w, "texts", (char *const[]){a, b}, 2);
    json_write_rows(w, "rows", row_of, number, 2, 3);
    json_write_rows(w, "none", row_of, number, 0, 3);
    char *text = end(w);
    assert_string_equal(text, "{\"texts\": [\"a\", \"\\\"b\\\"\xEF\xBF\xBD\"], "
                              "\"rows\": [[1, -2, 3], [4, 5, 2147483647]], \"none\": []}\n");
    free(text);
}

static void members_stay_in_the_order_in_which_they_are_put(void **state)
{
    struct json_write *w = begin();

    (void)state;
    json_write_text(w, "z", "a \"b\"\n");
    json_write_integer(w, "a", INT64_C(9007199254740993)); /* no double */
    json_write_numbers(w, "list", (const double[]){0.5, 1, NAN}, 3);
    char *text = end(w);
    assert_string_equal(text, "{\"z\": \"a \\\"b\\\"\\n\", \"a\": 9007199254740993, "
                              "\"list\": [0.5, 1, null]}\n");
    free(text);
}

static void whole_numbers_have_no_point_and_what_is_not_finite_is_null(void **state)
{
    (void)state;
    assert_number(0, "0");
    assert_number(256, "256");
    assert_number(-3, "-3");
    assert_number(0.285714285714, "0.285714286");
    assert_number(INFINITY, "null");
    assert_number(NAN, "null");
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state)
{
    struct json_write *w = begin();

    (void)state;
    json_write_text(w, "x", "\xC3\xA4\xFF\xC3");
    char *text = end(w);
    assert_string_equal(text, "{\"x\": \"\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
    free(text);
}

static enum status write_text(char **text, struct error *err)
{
    size_t size;
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    static char one[] = "y";
    int number = 1;
    json_write_text(w, "x", one);
    json_write_texts(w, "z", (char *const[]){one}, 1);
    json_write_rows(w, "r", row_of, &number, 1, 1);
    FILE *stream = open_memstream(text, &size);
    enum status status = json_write_end(w, stream, err);
    fclose(stream);
    return status;
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    char *text = NULL;
    struct error err = {0};

    (void)state;
    FAILING_ALLOC_EACH(write_text(&text, &err), &err) {
        free(text);
        text = NULL;
    }
    assert_string_equal(text, "{\"x\": \"y\", \"z\": [\"y\"], \"r\": [[1]]}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_holds_objects_and_may_be_empty),
        cmocka_unit_test(texts_and_rows_of_numbers_are_lists),
        cmocka_unit_test(members_stay_in_the_order_in_which_they_are_put),
        cmocka_unit_test(whole_numbers_have_no_point_and_what_is_not_finite_is_null),
        cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
