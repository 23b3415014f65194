#include "data/label_key.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static bool same(const char *a, const char *b, enum label_key_kind kind)
{
    char *key_a = label_key(a, kind, &err), *key_b = label_key(b, kind, &err);
    assert_non_null(key_a);
    assert_non_null(key_b);
    bool same = strcmp(key_a, key_b) == 0;
    free(key_a);
    free(key_b);
    return same;
}

static void check_exact(const char *a, const char *b)
{
    if (!same(a, b, LABEL_KEY_EXACT))
        fail_msg("\"%s\" and \"%s\" have other exact keys", a, b);
    if (!same(a, b, LABEL_KEY_ALIKE))
        fail_msg("\"%s\" and \"%s\" have equal exact keys and are not alike", a, b);
}

static void check_alike(const char *a, const char *b)
{
    if (same(a, b, LABEL_KEY_EXACT))
        fail_msg("\"%s\" and \"%s\" have equal exact keys", a, b);
    if (!same(a, b, LABEL_KEY_ALIKE))
        fail_msg("\"%s\" and \"%s\" are not alike", a, b);
}

static void check_different(const char *a, const char *b)
{
    if (same(a, b, LABEL_KEY_ALIKE))
        fail_msg("\"%s\" and \"%s\" are alike", a, b);
}

static void what_nobody_sees_is_no_difference(void **state)
{
    (void)state;
    check_exact("caf\xC3\xA9", "cafe\xCC\x81");                          /* NFC, NFD */
    check_exact("\xED\x95\x9C", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"); /* Hangul */
    check_exact("pants", "pants\xC2\xA0");                               /* no-break space */
    check_exact("t shirt", "t\xC2\xA0shirt");
    check_exact("t shirt", "t\tshirt");
    check_exact("t shirt", "t\xE2\x80\x89shirt"); /* thin space */
    check_exact("pants", "pa\xE2\x80\x8Bnts");    /* zero width space */
    check_exact("pants", "\xEF\xBB\xBFpants");    /* byte order mark */
    check_exact("pants", "pan\xC2\xADts");        /* soft hyphen */
    check_exact("pants", "\xE2\x80\x8Epants");    /* left-to-right mark */
}

static void one_number_in_two_spellings_is_one_label(void **state)
{
    static const char *const one[] = {"1", "01", "+1", "1.0", "1.", "0001.000", "1\xC2\xA0"};
    (void)state;
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        check_exact("1", one[i]);
    check_exact("0", "-0");
    check_exact("0", "000");
    check_exact("0", ".0");
    check_exact("-5", "-05.00");
    check_exact("0.5", ".5");
    check_exact("00.50", "+.50");
    check_exact("123456789012345678901234567890", "+0123456789012345678901234567890");
}

static void what_looks_like_a_number_may_be_another_one(void **state)
{
    (void)state;
    check_different("1", "-1");
    check_different("1", "10");
    check_different("1", "1.1");
    check_different("1.1", "1.01");
    check_different("1e3", "1000"); /* as in names made of hexadecimal digits */
    check_different("1.2.3", "1.2.30");
    check_different("-", "0");
    check_different(".", "0");
    check_different("+", "-");
    check_alike("1.5", "1.50"); /* chapters may be 1.5 and 1.50 */
    check_alike("2.10", "2.1");
}

static void slips_are_alike(void **state)
{
    (void)state;
    check_alike("pants", "Pants");
    check_alike("TRUE", "True");
    check_alike("\xC3\x89t\xC3\xA9", "\xC3\xA9t\xC3\xA9"); /* capital e acute */
    check_alike("STRASSE", "stra\xC3\x9F"
                           "e");
    check_alike("a b", "a  b");
    check_alike("a b", "a_b");
    check_alike("t-top", "t\xE2\x80\x91top"); /* no-break hyphen */
    check_alike("-1", "\xE2\x88\x92"
                      "1");                   /* minus sign */
    check_alike("a - b", "a \xE2\x80\x93 b"); /* en dash */
    check_alike("child's", "child\xE2\x80\x99s");
    check_alike("12", "\xEF\xBC\x91\xEF\xBC\x92"); /* wide digits */
}

static void other_labels_stay_apart(void **state)
{
    (void)state;
    check_different("pants", "pant");
    check_different("a b", "ab");
    check_different("a", "A"); /* letters may be the classes */
    check_different("\xC3\xA9", "\xC3\x89");
    check_different("cafe", "caf\xC3\xA9");
    check_different("t-top", "t top");
    check_different("c", "\xD1\x81"); /* Cyrillic */
    check_different("class 1", "class 01");
    /* Joiners change what is seen: man, woman, girl, and a family. */
    assert_false(same("\xF0\x9F\x91\xA8\xF0\x9F\x91\xA9",
                      "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", LABEL_KEY_EXACT));
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    static const char *const label[] = {"pants", "caf\xC3\xA9"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char *key = NULL;
        FAILING_ALLOC_EACH(
            (key = label_key(label[i], LABEL_KEY_ALIKE, &err)) ? STATUS_OK : err.status, &err)
            assert_null(key);
        free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_sees_is_no_difference),
        cmocka_unit_test(one_number_in_two_spellings_is_one_label),
        cmocka_unit_test(what_looks_like_a_number_may_be_another_one),
        cmocka_unit_test(slips_are_alike),
        cmocka_unit_test(other_labels_stay_apart),
        cmocka_unit_test(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/label_key", tests, NULL, NULL);
}
