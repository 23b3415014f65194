#include "base/base64.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The test vectors of RFC 4648, section 10. */
static void the_vectors_of_the_rfc(void **state)
{
    static const char *const vector[][2] = {{"", ""},
                                            {"f", "Zg=="},
                                            {"fo", "Zm8="},
                                            {"foo", "Zm9v"},
                                            {"foob", "Zm9vYg=="},
                                            {"fooba", "Zm9vYmE="},
                                            {"foobar", "Zm9vYmFy"}};
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        char *text = base64_text("", (const uint8_t *)vector[i][0], strlen(vector[i][0]), &err);
        assert_string_equal(text, vector[i][1]);
        free(text);
    }
}

static void the_prefix_stands_in_front_and_high_bytes_have_their_signs(void **state)
{
    struct error err;
    char *text = base64_text("data:,", (const uint8_t *)"\xFF\xEF\xBE\x00", 4, &err);

    (void)state;
    assert_string_equal(text, "data:,/+++AA==");
    free(text);
}

static void without_memory_it_is_an_error(void **state)
{
    struct error err;

    (void)state;
    failing_alloc_after(1);
    assert_null(base64_text("", (const uint8_t *)"a", 1, &err));
    failing_alloc_off();
    assert_non_null(strstr(err.message, "out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc),
        cmocka_unit_test(the_prefix_stands_in_front_and_high_bytes_have_their_signs),
        cmocka_unit_test(without_memory_it_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
