/* base/text_stream: all that was written, or an error. */
#include "failing_alloc.h"

#include "base/text_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_NUMBERS = 20000 };

static enum status write_numbers(char **text, size_t *size, struct error *err)
{
    struct text_stream t;
    if (text_stream_open(&t, "numbers", err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < N_NUMBERS; i++)
        fprintf(t.stream, "%04x", i);
    return text_stream_close(text, size, &t, "numbers", err);
}

static void a_long_text_comes_back_whole(void **state)
{
    (void)state;
    struct error err;
    char *text, number[5] = {0};
    size_t size;
    assert_int_equal(write_numbers(&text, &size, &err), STATUS_OK);
    assert_int_equal(size, 4 * N_NUMBERS);
    assert_int_equal(strlen(text), size);
    for (int i = 0; i < N_NUMBERS; i++) {
        memcpy(number, text + 4 * i, 4);
        assert_int_equal(strtol(number, NULL, 16), i);
    }
    free(text);
}

static void without_memory_for_any_part_it_is_an_error_and_no_shorter_text(void **state)
{
    (void)state;
    struct error err;
    char *text;
    size_t size;
    FAILING_ALLOC_EACH(write_numbers(&text, &size, &err), &err)
        assert_null(text);
    assert_int_equal(size, 4 * N_NUMBERS);
    free(text);
}

static void nothing_written_is_an_empty_text(void **state)
{
    (void)state;
    struct error err;
    struct text_stream t;
    char *text;
    assert_int_equal(text_stream_open(&t, "nothing", &err), STATUS_OK);
    assert_int_equal(text_stream_close(&text, NULL, &t, "nothing", &err), STATUS_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(text_stream_open(&t, "nothing", &err), STATUS_OK);
    fputs("something", t.stream);
    text_stream_discard(&t);
    text_stream_discard(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_text_comes_back_whole),
        cmocka_unit_test(without_memory_for_any_part_it_is_an_error_and_no_shorter_text),
        cmocka_unit_test(nothing_written_is_an_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
