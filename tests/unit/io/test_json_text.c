#include "io/json_text.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *put(const char *text)
{
    char *json;
    size_t size;
    FILE *stream = open_memstream(&json, &size);
    json_text_put(stream, text);
    fclose(stream);
    return json;
}

static void assert_put(const char *text, const char *expected)
{
    char *json = put(text);
    assert_string_equal(json, expected);
    free(json);
}

static void text_is_quoted_and_escaped(void **state)
{
    (void)state;
    assert_put("", "\"\"");
    assert_put("t-shirt/\xC3\xA4", "\"t-shirt/\xC3\xA4\"");
    assert_put("\"\\\n\x1F\x7F", "\"\\\"\\\\\\u000a\\u001f\\u007f\"");
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    assert_put("a\xFF\xC3", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void a_json_reader_gives_the_text_back(void **state)
{
    (void)state;
    char text[2] = {0};
    for (int c = 1; c < 128; c++) {
        text[0] = (char)c;
        char *json = put(text);
        json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
        assert_string_equal(json_string_value(value), text);
        json_decref(value);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_quoted_and_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
        cmocka_unit_test(a_json_reader_gives_the_text_back),
    };
    return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
