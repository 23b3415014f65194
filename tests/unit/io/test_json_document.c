#include "io/json_document.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <math.h>

static struct json_document *create(void)
{
    struct error err;
    struct json_document *d = json_document_create(&err);

    assert_non_null(d);
    return d;
}

/* Ends it. */
static void assert_html(struct json_document *d, const char *expected)
{
    struct error err;
    char *text = json_document_html(d, &err);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_document_destroy(d);
}

static void objects_and_lists_lie_in_each_other_in_the_order_they_come(void **state)
{
    struct json_document *d = create();

    (void)state;
    json_document_integer(d, "z", 3);
    json_document_begin_list(d, "a");
    json_document_number(d, NULL, 0.123456789);
    json_document_begin_object(d, NULL);
    json_document_truth(d, "yes", true);
    json_document_end(d);
    json_document_begin_list(d, NULL);
    json_document_end(d);
    json_document_end(d);
    json_document_number(d, "nan", NAN);
    json_document_text(d, "none", NULL);
    assert_html(d, "{\"z\":3,\"a\":[0.123457,{\"yes\":true},[]],\"nan\":null,\"none\":null}");
}

static void nothing_that_html_or_javascript_would_read_is_left(void **state)
{
    struct json_document *d = create();

    (void)state;
    json_document_text(d, "</script><!--",
                       "<script>alert(1)</script> & \xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6");
    assert_html(d, "{\"\\u003c/script\\u003e\\u003c!--\":\"\\u003cscript\\u003ealert(1)\\u003c/"
                   "script\\u003e \\u0026 \\u2028\\u2029\xE2\x80\xA6\"}");
}

static void bytes_that_are_no_utf_8_are_replaced(void **state)
{
    struct json_document *d = create();

    (void)state;
    json_document_text(d, "x", "a\xFF\xE2\x80");
    assert_html(d, "{\"x\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}");
}

static void a_files_object_is_put_and_its_members_are_found(void **state)
{
    struct json_document *d = create();
    struct error err;
    double number = 7;
    static const char text[] = "{\"a\": 0.5, \"b\": \"</x>\", \"c\": [1]}\n";
    const char *path = scratch_write("summary.json", text, sizeof text - 1);

    (void)state;
    assert_int_equal(json_document_file(d, "file", path, 1000, &err), STATUS_OK);
    assert_true(json_document_get_number(d, &number, "file", "a"));
    assert_true(number == 0.5);
    assert_false(json_document_get_number(d, &number, "file", "b"));
    assert_false(json_document_get_number(d, &number, "none", "a"));
    assert_true(number == 0.5);
    assert_string_equal(json_document_get_text(d, "file", "b"), "</x>");
    assert_null(json_document_get_text(d, "file", "a"));
    assert_html(d, "{\"file\":{\"a\":0.5,\"b\":\"\\u003c/x\\u003e\",\"c\":[1]}}");
}

static void a_file_that_holds_no_object_is_named_and_puts_nothing(void **state)
{
    struct json_document *d = create();
    struct error err;

    (void)state;
    assert_int_equal(json_document_file(d, "x", scratch_path("none"), 1000, &err), STATUS_FAILED);
    assert_int_equal(json_document_file(d, "x", scratch_write("list.json", "[1]", 3), 1000, &err),
                     STATUS_FAILED);
    assert_non_null(strstr(err.message, "list.json: a JSON object was expected"));
    assert_int_equal(
        json_document_file(d, "x", scratch_write("half.json", "{\n\"a\":", 6), 1000, &err),
        STATUS_FAILED);
    assert_non_null(strstr(err.message, "half.json:2: not JSON"));
    assert_int_equal(
        json_document_file(d, "x", scratch_write("long.json", "{\"a\": 11111}", 12), 5, &err),
        STATUS_FAILED);
    assert_html(d, "{}");
}

/* All that can fail, in one. (jansson's own allocations are not ours to fail.) */
static enum status make(char **out, struct error *err)
{
    struct json_document *d = json_document_create(err);

    *out = NULL;
    if (!d)
        return err->status;
    json_document_begin_list(d, "list");
    json_document_text(d, NULL, "a\xFF");
    json_document_end(d);
    *out = json_document_html(d, err);
    json_document_destroy(d);
    return *out ? STATUS_OK : err->status;
}

static void without_memory_it_is_an_error(void **state)
{
    char *text;
    struct error err;

    (void)state;
    FAILING_ALLOC_EACH(make(&text, &err), &err)
        assert_null(text);
    assert_string_equal(text, "{\"list\":[\"a\xEF\xBF\xBD\"]}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_lists_lie_in_each_other_in_the_order_they_come),
        cmocka_unit_test(nothing_that_html_or_javascript_would_read_is_left),
        cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced),
        SCRATCH_TEST(a_files_object_is_put_and_its_members_are_found),
        SCRATCH_TEST(a_file_that_holds_no_object_is_named_and_puts_nothing),
        cmocka_unit_test(without_memory_it_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
