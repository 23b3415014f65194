#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void characters_of_each_length_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int size;
        uint32_t code;
    } cases[] = {{"A", 1, 'A'},
                 {"\x7F", 1, 0x7F},
                 {"\xC2\x80", 2, 0x80},
                 {"\xDF\xBF", 2, 0x7FF},
                 {"\xE0\xA0\x80", 3, 0x800},
                 {"\xED\x9F\xBF", 3, 0xD7FF},
                 {"\xEE\x80\x80", 3, 0xE000},
                 {"\xEF\xBF\xBF", 3, 0xFFFF},
                 {"\xF0\x90\x80\x80", 4, 0x10000},
                 {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code = 0;
        assert_int_equal(utf8_decode(&code, cases[i].text), cases[i].size);
        assert_int_equal(code, cases[i].code);
        assert_true(utf8_valid(cases[i].text));
    }
    assert_true(utf8_valid(""));
    assert_true(utf8_valid("na\xC3\xAFve \xF0\x9F\x99\x82"));
}

static void what_rfc_3629_forbids_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"\x80",             /* a continuation alone */
                                        "\xC3",             /* cut */
                                        "\xC3(",            /* no continuation */
                                        "\xE2\x82",         /* cut */
                                        "\xF0\x9F\x99",     /* cut */
                                        "\xC0\x80",         /* overlong */
                                        "\xC1\xBF",         /* overlong */
                                        "\xE0\x9F\xBF",     /* overlong */
                                        "\xF0\x8F\xBF\xBF", /* overlong */
                                        "\xED\xA0\x80",     /* surrogate */
                                        "\xED\xBF\xBF",     /* surrogate */
                                        "\xF4\x90\x80\x80", /* above U+10FFFF */
                                        "\xF8\x88\x80\x80\x80",
                                        "\xFF"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code;
        assert_int_equal(utf8_decode(&code, cases[i]), 0);
        assert_false(utf8_valid(cases[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_each_length_are_decoded),
        cmocka_unit_test(what_rfc_3629_forbids_is_refused),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
