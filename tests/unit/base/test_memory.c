#include "base/memory.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void an_allocation_is_zeroed_and_none_is_no_failure(void **state)
{
    (void)state;
    int *values;
    assert_int_equal(memory_alloc((void **)&values, 3, sizeof *values, "values", &err), STATUS_OK);
    assert_int_equal(values[0] | values[1] | values[2], 0);
    free(values);
    assert_int_equal(memory_alloc((void **)&values, 0, sizeof *values, "values", &err), STATUS_OK);
    assert_non_null(values);
    free(values);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    void *block = &err;
    assert_int_equal(memory_alloc(&block, SIZE_MAX / 2, 3, "the table", &err), STATUS_FAILED);
    assert_null(block);
    assert_string_equal(err.message, "out of memory: the size of the table does not fit in memory");
}

static void a_failing_allocation_names_size_and_purpose(void **state)
{
    (void)state;
    void *block = &err;
    char *copy;
    failing_alloc_after(1);
    assert_int_equal(memory_alloc(&block, 10, 4, "the table", &err), STATUS_FAILED);
    failing_alloc_off();
    assert_null(block);
    assert_string_equal(err.message, "out of memory: no 40 bytes for the table");

    failing_alloc_after(1);
    assert_int_equal(memory_copy_string(&copy, "text", &err), STATUS_FAILED);
    failing_alloc_off();
    assert_null(copy);
}

static void growing_keeps_the_elements_and_gets_half_again(void **state)
{
    (void)state;
    int *values = NULL;
    size_t capacity = 0;
    assert_int_equal(memory_grow((void **)&values, &capacity, 8, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 8);
    for (int i = 0; i < 8; i++)
        values[i] = i;
    assert_int_equal(memory_grow((void **)&values, &capacity, 9, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 12);
    assert_int_equal(values[7], 7);
    assert_int_equal(memory_grow((void **)&values, &capacity, 12, sizeof *values, "values", &err),
                     STATUS_OK);
    assert_int_equal(capacity, 12);

    int *before = values;
    failing_alloc_after(1);
    assert_int_equal(memory_grow((void **)&values, &capacity, 13, sizeof *values, "values", &err),
                     STATUS_FAILED);
    failing_alloc_off();
    assert_ptr_equal(values, before);
    assert_int_equal(capacity, 12);
    assert_int_equal(
        memory_grow((void **)&values, &capacity, SIZE_MAX / 2, sizeof *values, "values", &err),
        STATUS_FAILED);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_zeroed_and_none_is_no_failure),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(a_failing_allocation_names_size_and_purpose),
        cmocka_unit_test(growing_keeps_the_elements_and_gets_half_again),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
