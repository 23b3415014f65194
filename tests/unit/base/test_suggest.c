#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"epochs", "learning-rate", "batch-size", "label"};

static const char *nearest(const char *word)
{
    return suggest_nearest(word, names, 4);
}

static void a_slip_of_the_finger_is_understood(void **state)
{
    (void)state;
    assert_string_equal(nearest("epoch"), "epochs");
    assert_string_equal(nearest("epohcs"), "epochs");
    assert_string_equal(nearest("Label"), "label");
    assert_string_equal(nearest("learning_rate"), "learning-rate");
    assert_string_equal(nearest("batchsiez"), "batch-size");
}

static void the_beginning_of_a_name_is_enough(void **state)
{
    (void)state;
    assert_string_equal(nearest("learn"), "learning-rate");
    assert_null(nearest("le")); /* two letters are not */
}

static void something_else_gets_no_suggestion(void **state)
{
    char longer[200];
    (void)state;
    assert_null(nearest("momentum"));
    assert_null(nearest(""));
    memset(longer, 'e', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_null(nearest(longer));
    assert_null(suggest_nearest("label", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_finger_is_understood),
        cmocka_unit_test(the_beginning_of_a_name_is_enough),
        cmocka_unit_test(something_else_gets_no_suggestion),
    };
    return cmocka_run_group_tests_name("base/suggest", tests, NULL, NULL);
}
