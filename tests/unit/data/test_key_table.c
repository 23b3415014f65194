#include "data/key_table.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct error err;

/* Every seventh begins at the same place of a small table. */
static struct image_key key_of(uint64_t i)
{
    return (struct image_key){{i % 7 ? i * 0x9e3779b97f4a7c15u : 64 * i, i}};
}

static void many_keys_are_found_and_others_are_not(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct key_table t = {0};
    size_t slot;
    struct image_key key = key_of(1);
    assert_false(key_table_get(&t, &key, &slot));
    for (size_t i = 0; i < MANY; i++) {
        key = key_of(i);
        assert_int_equal(key_table_put(&t, &key, 3 * i, &err), STATUS_OK);
    }
    for (size_t i = 0; i < 2 * MANY; i++) {
        key = key_of(i);
        assert_int_equal(key_table_get(&t, &key, &slot), i < MANY);
        if (i < MANY)
            assert_int_equal(slot, 3 * i);
    }
    key_table_free(&t);
    key_table_free(&t);
}

static void a_later_slot_takes_the_place_of_an_earlier(void **state)
{
    (void)state;
    struct key_table t = {0};
    struct image_key key = key_of(5);
    size_t slot;
    assert_int_equal(key_table_put(&t, &key, 1, &err), STATUS_OK);
    assert_int_equal(key_table_put(&t, &key, 0, &err), STATUS_OK);
    assert_true(key_table_get(&t, &key, &slot));
    assert_int_equal(slot, 0);
    assert_int_equal(t.n, 1);
    key_table_free(&t);
}

static void without_memory_the_table_stays_as_it_is(void **state)
{
    (void)state;
    struct key_table t = {0};
    struct image_key key;
    size_t slot;
    for (uint64_t i = 0; i < 32; i++) {
        key = key_of(i);
        assert_int_equal(key_table_put(&t, &key, i, &err), STATUS_OK);
    }
    key = key_of(32);
    failing_alloc_after(1);
    assert_int_equal(key_table_put(&t, &key, 32, &err), STATUS_FAILED);
    failing_alloc_off();
    assert_false(key_table_get(&t, &key, &slot));
    key = key_of(31);
    assert_true(key_table_get(&t, &key, &slot));
    key_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_keys_are_found_and_others_are_not),
        cmocka_unit_test(a_later_slot_takes_the_place_of_an_earlier),
        cmocka_unit_test(without_memory_the_table_stays_as_it_is),
    };
    return cmocka_run_group_tests_name("data/key_table", tests, NULL, NULL);
}
