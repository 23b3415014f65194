#include "data/string_index.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static int add(struct string_index *index, const char *key)
{
    int number;
    assert_int_equal(string_index_add(index, &number, key, &err), STATUS_OK);
    return number;
}

static void strings_are_numbered_as_they_first_come(void **state)
{
    (void)state;
    struct string_index index = {0};
    assert_int_equal(string_index_find(&index, "a"), -1);
    assert_int_equal(add(&index, "b"), 0);
    assert_int_equal(add(&index, "a"), 1);
    assert_int_equal(add(&index, "b"), 0);
    assert_int_equal(add(&index, ""), 2);
    assert_int_equal(index.n, 3);
    assert_int_equal(string_index_find(&index, "a"), 1);
    assert_int_equal(string_index_find(&index, "A"), -1);
    assert_string_equal(string_index_get(&index, 0), "b");
    assert_string_equal(string_index_get(&index, 2), "");
    string_index_free(&index);
    string_index_free(&index);
}

static void a_hundred_thousand_strings_are_all_found_again(void **state)
{
    (void)state;
    struct string_index index = {0};
    char key[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "images/%d.jpg", i);
        assert_int_equal(add(&index, key), i);
    }
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "images/%d.jpg", i);
        assert_int_equal(string_index_find(&index, key), i);
        assert_string_equal(string_index_get(&index, i), key);
    }
    string_index_free(&index);
}

static void a_failing_allocation_leaves_the_index_as_it_was(void **state)
{
    (void)state;
    struct string_index index = {0};
    char key[16];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "%d", i);
        int number;
        FAILING_ALLOC_EACH(string_index_add(&index, &number, key, &err), &err) {
            assert_int_equal(index.n, i);
            assert_int_equal(string_index_find(&index, key), -1);
        }
    }
    assert_int_equal(string_index_find(&index, "0"), 0);
    string_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_numbered_as_they_first_come),
        cmocka_unit_test(a_hundred_thousand_strings_are_all_found_again),
        cmocka_unit_test(a_failing_allocation_leaves_the_index_as_it_was),
    };
    return cmocka_run_group_tests_name("data/string_index", tests, NULL, NULL);
}
