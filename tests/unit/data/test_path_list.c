#include "data/path_list.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static enum status read_bytes(struct path_list *list, const char *bytes, size_t size, char end)
{
    FILE *stream = fmemopen((void *)bytes, size, "r");
    *list = (struct path_list){0};
    assert_non_null(stream);
    enum status status = path_list_read(list, stream, end, "names", &err);
    fclose(stream);
    return status;
}

static void assert_paths(const char *bytes, size_t size, char end, const char *const *path, int n)
{
    struct path_list list;
    if (read_bytes(&list, bytes, size, end) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(list.n, n);
    for (int i = 0; i < n; i++)
        assert_string_equal(list.path[i], path[i]);
    path_list_free(&list);
    path_list_free(&list);
}

static void lines_are_paths_and_empty_ones_are_not(void **state)
{
    (void)state;
    static const char unix_lines[] = "a.png\n\n b c.png \nd\n", dos[] = "\xEF\xBB\xBF"
                                                                        "a\r\nb\r\n\r\n";
    static const char open_end[] = "a\nb",
                      late_mark[] = "a\n\xEF\xBB\xBF"
                                    "b\n",
                      only[] = "\n\n";
    assert_paths(unix_lines, strlen(unix_lines), '\n', (const char *[]){"a.png", " b c.png ", "d"},
                 3);
    assert_paths(dos, strlen(dos), '\n', (const char *[]){"a", "b"}, 2);
    assert_paths(open_end, strlen(open_end), '\n', (const char *[]){"a", "b"}, 2);
    assert_paths(late_mark, strlen(late_mark), '\n',
                 (const char *[]){"a", "\xEF\xBB\xBF"
                                       "b"},
                 2);
    assert_paths(only, strlen(only), '\n', NULL, 0);
}

static void with_zero_bytes_line_ends_belong_to_paths(void **state)
{
    (void)state;
    static const char bytes[] = "a\nb\0c\r\0\0d";
    assert_paths(bytes, sizeof bytes - 1, '\0', (const char *[]){"a\nb", "c\r", "d"}, 3);
    assert_paths(bytes, sizeof bytes, '\0', (const char *[]){"a\nb", "c\r", "d"}, 3);
}

static void refuse(const char *bytes, size_t size, const char *reason)
{
    struct path_list list;
    assert_int_equal(read_bytes(&list, bytes, size, '\n'), STATUS_FAILED);
    if (!strstr(err.message, reason))
        fail_msg("%s", err.message);
    path_list_free(&list);
}

static void what_can_be_no_path_is_refused_with_its_line(void **state)
{
    (void)state;
    char *text = malloc(PATH_LIST_MOST_BYTES + 16);
    assert_non_null(text);
    refuse("a\nb\0c", 5, "names:2: a zero byte");
    memset(text, 'x', PATH_LIST_MOST_BYTES + 16);
    text[0] = '\n';
    refuse(text, PATH_LIST_MOST_BYTES + 2, "names:2: more than 4095 bytes");
    refuse(text, PATH_LIST_MOST_BYTES + 16, "names:2: more than 4095 bytes");
    struct path_list list;
    text[PATH_LIST_MOST_BYTES + 1] = '\r';
    text[PATH_LIST_MOST_BYTES + 2] = '\n';
    assert_int_equal(read_bytes(&list, text, PATH_LIST_MOST_BYTES + 3, '\n'), STATUS_OK);
    assert_int_equal(list.n, 1);
    assert_int_equal(strlen(list.path[0]), PATH_LIST_MOST_BYTES);
    path_list_free(&list);
    free(text);
}

static enum status read_two(struct path_list *list)
{
    struct error *e = &err;
    *list = (struct path_list){0};
    if (path_list_add(list, "a", e) == STATUS_OK && path_list_add(list, "b", e) == STATUS_OK)
        return STATUS_OK;
    path_list_free(list);
    return e->status;
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct path_list list;
    err = (struct error){0};
    FAILING_ALLOC_EACH(read_two(&list), &err)
        assert_int_equal(list.n, 0);
    assert_int_equal(list.n, 2);
    path_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_paths_and_empty_ones_are_not),
        cmocka_unit_test(with_zero_bytes_line_ends_belong_to_paths),
        cmocka_unit_test(what_can_be_no_path_is_refused_with_its_line),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
