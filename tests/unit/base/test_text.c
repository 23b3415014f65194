/* base/text and base/hash. */
#include "base/hash.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void an_ending_has_something_before_it(void **state)
{
    (void)state;
    assert_true(text_ends_in("a.yaml", ".yaml"));
    assert_false(text_ends_in(".yaml", ".yaml"));
    assert_false(text_ends_in("yaml", ".yaml"));
    assert_false(text_ends_in("a.yaml.gz", ".yaml"));
}

/* Test vectors of the FNV reference implementation: "" and "foobar". */
static void hashes_are_those_of_fnv_1a(void **state)
{
    (void)state;
    assert_true(HASH_START == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes(HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void where_one_text_ends_matters(void **state)
{
    (void)state;
    uint64_t a = hash_text(hash_text(HASH_START, "ab"), "c");
    assert_true(a != hash_text(hash_text(HASH_START, "a"), "bc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ending_has_something_before_it),
        cmocka_unit_test(hashes_are_those_of_fnv_1a),
        cmocka_unit_test(where_one_text_ends_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
