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
    int *values = memory_array(3, sizeof *values, "values", &err);
    assert_non_null(values);
    assert_int_equal(values[0] | values[1] | values[2], 0);
    free(values);
    values = memory_array(0, sizeof *values, "values", &err);
    assert_non_null(values);
    free(values);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    assert_null(memory_array(SIZE_MAX / 2, 3, "the table", &err));
    assert_int_equal(err.status, STATUS_FAILED);
    assert_string_equal(err.message, "out of memory: the size of the table does not fit in memory");
}

static void a_failing_allocation_names_size_and_purpose(void **state)
{
    (void)state;
    failing_alloc_after(1);
    assert_null(memory_array(10, 4, "the table", &err));
    failing_alloc_off();
    assert_int_equal(err.status, STATUS_FAILED);
    assert_string_equal(err.message, "out of memory: no 40 bytes for the table");

    failing_alloc_after(1);
    assert_null(memory_string("text", &err));
    failing_alloc_off();
    assert_int_equal(err.status, STATUS_FAILED);
}

static void growing_keeps_the_elements_and_gets_half_again(void **state)
{
    (void)state;
    size_t capacity = 0;
    int *values = memory_grown(NULL, &capacity, 8, sizeof *values, "values", &err);
    assert_non_null(values);
    assert_int_equal(capacity, 8);
    for (int i = 0; i < 8; i++)
        values[i] = i;
    values = memory_grown(values, &capacity, 9, sizeof *values, "values", &err);
    assert_int_equal(capacity, 12);
    assert_int_equal(values[7], 7);
    assert_ptr_equal(memory_grown(values, &capacity, 12, sizeof *values, "values", &err), values);
    assert_int_equal(capacity, 12);

    failing_alloc_after(1);
    assert_null(memory_grown(values, &capacity, 13, sizeof *values, "values", &err));
    failing_alloc_off();
    assert_int_equal(err.status, STATUS_FAILED);
    assert_int_equal(capacity, 12);
    assert_int_equal(values[7], 7);
    assert_null(memory_grown(values, &capacity, SIZE_MAX / 2, sizeof *values, "values", &err));
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
