#include "data/class_list.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

static struct error err;

static void check_names(const struct class_list *list, const char *expected)
{
    char joined[512] = "";
    for (int i = 0; i < list->n; i++) {
        strcat(joined, i ? "|" : "");
        strcat(joined, list->name[i]);
    }
    assert_string_equal(joined, expected);
}

/* The order of `labels`, which are separated by "|". */
static const char *order(char *labels)
{
    static char joined[512];
    struct string_index index = {0};
    struct class_list list;
    for (char *label = strtok(labels, "|"); label; label = strtok(NULL, "|")) {
        int number;
        assert_int_equal(string_index_add(&index, &number, label, &err), STATUS_OK);
    }
    assert_int_equal(class_list_order(&list, &index, &err), STATUS_OK);
    joined[0] = '\0';
    for (int i = 0; i < list.n; i++) {
        strcat(joined, i ? "|" : "");
        strcat(joined, list.name[i]);
    }
    class_list_free(&list);
    string_index_free(&index);
    return joined;
}

static void check_order(const char *labels, const char *expected)
{
    char copy[512];
    strcpy(copy, labels);
    assert_string_equal(order(copy), expected);
}

static void names_are_read_line_by_line(void **state)
{
    (void)state;
    struct class_list list;
    const char *path = scratch_write_text("classes.txt", "\xEF\xBB\xBF"
                                                         "t-shirt\r\n\r\n  long sleeve\t\n\nhat");
    assert_int_equal(class_list_read(&list, path, &err), STATUS_OK);
    check_names(&list, "t-shirt|long sleeve|hat");
    assert_int_equal(class_list_find(&list, "hat"), 2);
    assert_int_equal(class_list_find(&list, "Hat"), -1);
    class_list_free(&list);
    class_list_free(&list);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char *name[] = {"b", "a, with comma", "\xC3\xA9t\xC3\xA9"};
    const struct class_list list = {.name = name, .n = 3};
    struct class_list again, copy;
    assert_int_equal(class_list_write(&list, scratch_path("c.txt"), &err), STATUS_OK);
    assert_int_equal(class_list_read(&again, scratch_path("c.txt"), &err), STATUS_OK);
    check_names(&again, "b|a, with comma|\xC3\xA9t\xC3\xA9");
    assert_int_equal(class_list_copy(&copy, &again, &err), STATUS_OK);
    class_list_free(&again);
    check_names(&copy, "b|a, with comma|\xC3\xA9t\xC3\xA9");
    class_list_free(&copy);
}

static void mistakes_in_a_class_file_name_file_and_line(void **state)
{
    (void)state;
    struct class_list list;
    char expected[512];
    const char *path = scratch_write_text("twice.txt", "a\n\nb\na \n");
    assert_int_equal(class_list_read(&list, path, &err), STATUS_FAILED);
    snprintf(expected, sizeof expected, "%s:4: class \"a\" is listed twice", path);
    assert_string_equal(err.message, expected);

    path = scratch_write_text("latin1.txt", "a\ncaf\xE9\n");
    assert_int_equal(class_list_read(&list, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "latin1.txt:2: the class is not UTF-8 text"));

    path = scratch_write_text("one.txt", "a\n");
    assert_int_equal(class_list_read(&list, path, &err), STATUS_FAILED);
    snprintf(expected, sizeof expected, "%s: only one class; expected two or more, one name a line",
             path);
    assert_string_equal(err.message, expected);

    path = scratch_write_text("empty.txt", " \r\n");
    assert_int_equal(class_list_read(&list, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "empty.txt: no class names"));

    assert_int_equal(class_list_read(&list, scratch_path("absent.txt"), &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "absent.txt"));
}

static void whole_numbers_are_ordered_as_numbers_of_any_length(void **state)
{
    (void)state;
    check_order("10|9|2|0", "0|2|9|10");
    check_order("1|-1|-10|0|+5", "-10|-1|0|1|+5");
    check_order("007|08|6", "6|007|08");
    check_order("100000000000000000000000000|99999999999999999999999999|-3",
                "-3|99999999999999999999999999|100000000000000000000000000");
}

static void other_labels_are_ordered_by_their_bytes(void **state)
{
    (void)state;
    check_order("10|9|cat", "10|9|cat");
    check_order("b|B|a|\xC3\xA9", "B|a|b|\xC3\xA9");
    check_order("10.0|9.0", "10.0|9.0");
    check_order("-|9|10", "-|10|9"); /* a sign alone is no number */
    check_order("1|01|x", "01|1|x");
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct class_list list;
    const char *path = scratch_write_text("c.txt", "a\nb\nc\n");
    FAILING_ALLOC_EACH(class_list_read(&list, path, &err), &err)
        assert_null(list.name);
    class_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(names_are_read_line_by_line),
        SCRATCH_TEST(what_is_written_is_read_again),
        SCRATCH_TEST(mistakes_in_a_class_file_name_file_and_line),
        cmocka_unit_test(whole_numbers_are_ordered_as_numbers_of_any_length),
        cmocka_unit_test(other_labels_are_ordered_by_their_bytes),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/class_list", tests, NULL, NULL);
}
