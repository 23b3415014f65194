#include "base/free_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

static const size_t mib = (size_t)1 << 20;

/* What is told while a limit of so many bytes is in force. */
static void with_limit(size_t *free_bytes, size_t *most, const char **name,
                       __rlimit_resource_t resource, size_t bytes)
{
    struct rlimit before, lowered;
    *name = "none";
    assert_int_equal(getrlimit(resource, &before), 0);
    lowered = before;
    lowered.rlim_cur = bytes;
    assert_int_equal(setrlimit(resource, &lowered), 0);
    *free_bytes = free_memory_bytes();
    *most = free_memory_most(name);
    assert_int_equal(setrlimit(resource, &before), 0);
}

static void a_limit_on_the_process_leaves_less_than_it_says(void **state)
{
    (void)state;
    const __rlimit_resource_t resource[] = {RLIMIT_DATA, RLIMIT_AS};
    const char *const expected[] = {"ulimit -d", "ulimit -v"};
    const char *name;
    size_t free_bytes, most;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it has terabytes of addresses */
#endif
    for (int i = 0; i < 2; i++) {
        with_limit(&free_bytes, &most, &name, resource[i], 64 * mib);
        assert_true(most > 0 && most < 64 * mib);
        assert_int_equal(free_bytes, most);
        assert_string_equal(name, expected[i]);
        with_limit(&free_bytes, &most, &name, resource[i], 1);
        assert_int_equal(most, 1);
    }
}

static void without_a_limit_the_machines_memory_is_free_and_none_is_the_most(void **state)
{
    (void)state;
    const char *name;
    size_t free_bytes = free_memory_bytes();
    if (free_bytes == 0)
        skip(); /* no /proc */
    assert_true(free_bytes > mib);
    assert_true(free_memory_most(&name) >= free_bytes / 2); /* others take memory meanwhile */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_on_the_process_leaves_less_than_it_says),
        cmocka_unit_test(without_a_limit_the_machines_memory_is_free_and_none_is_the_most),
    };
    return cmocka_run_group_tests_name("base/free_memory", tests, NULL, NULL);
}
