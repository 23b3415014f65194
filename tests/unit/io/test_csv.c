#include "io/csv.h"

#include "failing_alloc.h"
#include "scratch.h"

static struct error err;

/* The table as "line: <field><field>\n" for each row, so that a case is one string. */
static char *describe(const struct csv_table *table)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; i < table->n_rows; i++) {
        fprintf(stream, "%d: ", table->row[i].line);
        for (int j = 0; j < table->row[i].n_fields; j++)
            fprintf(stream, "<%s>", table->row[i].field[j]);
        fputc('\n', stream);
    }
    fclose(stream);
    return text;
}

static void assert_file(const char *path, char delimiter, const char *expected)
{
    struct csv_table table;
    assert_int_equal(csv_table_read(&table, path, delimiter, &err), STATUS_OK);
    char *text = describe(&table);
    assert_string_equal(text, expected);
    free(text);
    csv_table_free(&table);
    csv_table_free(&table);
}

static void assert_table(const char *csv, const char *expected)
{
    assert_file(scratch_write("a.csv", csv, strlen(csv)), ',', expected);
}

static void assert_refused(const char *bytes, size_t size, int line, const char *reason)
{
    struct csv_table table;
    char start[512];
    const char *path = scratch_write("a.csv", bytes, size);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_FAILED);
    assert_null(table.row);
    assert_null(table.storage);
    snprintf(start, sizeof start, "%s:%d: %s", path, line, reason);
    assert_memory_equal(err.message, start, strlen(start));
}

static void fields_are_given_as_they_stand(void **state)
{
    (void)state;
    assert_table("a,b\n1,2\n", "1: <a><b>\n2: <1><2>\n");
    assert_table(" a , b\t\n", "1: < a >< b\t>\n");
    assert_table("\" a \",\"\"\n", "1: < a ><>\n");
    assert_table(",\n,", "1: <><>\n2: <><>\n");
    assert_table("\"say \"\"hi\"\", you\",b\n", "1: <say \"hi\", you><b>\n");
}

static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    assert_table("a,b", "1: <a><b>\n");
    assert_table("a\n\"b\"", "1: <a>\n2: <b>\n");
}

static void a_file_without_rows_is_no_error(void **state)
{
    (void)state;
    assert_table("", "");
    assert_table("\xEF\xBB\xBF", "");
    assert_table("\n\r\n\n", "");
}

static void a_byte_order_mark_is_dropped_once_and_at_the_start_only(void **state)
{
    (void)state;
    assert_table("\xEF\xBB\xBFimage,label\n", "1: <image><label>\n");
    assert_table("\xEF\xBB\xBF\"image\"\n", "1: <image>\n");
    assert_table("a\n\xEF\xBB\xBFx\n", "1: <a>\n2: <\xEF\xBB\xBFx>\n");
}

static void a_row_knows_its_line_behind_blank_lines(void **state)
{
    (void)state;
    assert_table("\n\na\n\n\nb\n", "3: <a>\n6: <b>\n");
    assert_table("a\r\n\r\nb\r\n", "1: <a>\n3: <b>\n");
    assert_table("a\rb\r\rc", "1: <a>\n2: <b>\n4: <c>\n");
    assert_table("a\n\r\nb", "1: <a>\n3: <b>\n");
}

static void a_row_knows_its_line_behind_quoted_line_ends(void **state)
{
    (void)state;
    assert_table("\"a\n\n\nb\",c\nd\n", "1: <a\n\n\nb><c>\n5: <d>\n");
    assert_table("x,\"1\r\n2\"\r\ny\r\n", "1: <x><1\r\n2>\n3: <y>\n");
    assert_table("\n\"\n\"\nz", "2: <\n>\n4: <z>\n");
}

static void a_delimiter_can_be_chosen(void **state)
{
    (void)state;
    assert_file(scratch_write("a", "a,b;\"c;d\"", 9), ';', "1: <a,b><c;d>\n");
    assert_file(scratch_write("a", "a b\tc\t", 6), '\t', "1: <a b><c><>\n");
}

static void wrong_quoting_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("a\nb,c\"d\n", 8, 2, "wrong quoting");
    assert_refused("a\n\n\"b\"c\n", 8, 3, "wrong quoting");
    assert_refused("\"a\nb\"c\n", 7, 2, "wrong quoting");
    assert_refused("a\n\n\"b\nc\n\n", 9, 3, "a quoted field of this row has no closing quote");
}

static void a_zero_byte_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("a\nb\0c\n", 6, 2, "a NUL byte");
    assert_refused("\"a\n\0\"\n", 6, 2, "a NUL byte");
    assert_refused("a\0\n\0", 4, 1, "a NUL byte"); /* UTF-16 */
}

static void text_of_a_spreadsheets_encoding_is_refused_by_name(void **state)
{
    static const char little[] = "\xFF\xFE"
                                 "a\0,\0b\0",
                      big[] = "\xFE\xFF\0a";
    const char *path = scratch_write("t.csv", little, sizeof little - 1);
    struct csv_table table;
    (void)state;
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "t.csv: the text is UTF-16, as spreadsheets save it"));
    path = scratch_write("t.csv", big, sizeof big - 1);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "iconv -f UTF-16"));
    csv_table_free(&table);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct csv_table table;
    assert_int_equal(csv_table_read(&table, "/absent.csv", ',', &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot open \"/absent.csv\": No such file or directory");
    assert_int_equal(csv_table_read(&table, scratch_folder, ',', &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is a directory"));
}

static void a_long_field_and_many_fields_are_read(void **state)
{
    (void)state;
    enum { LONG = 300000, MANY = 100000 };
    struct csv_table table;
    char *bytes = malloc(LONG + MANY + 1);
    assert_non_null(bytes);
    memset(bytes, 'x', LONG);
    bytes[LONG] = '\n';
    memset(bytes + LONG + 1, ',', MANY);
    const char *path = scratch_write("a", bytes, LONG + MANY + 1);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_OK);
    assert_int_equal(table.n_rows, 2);
    assert_int_equal(strlen(table.row[0].field[0]), LONG);
    assert_int_equal(table.row[1].n_fields, MANY + 1);
    csv_table_free(&table);
    free(bytes);
}

static void a_file_too_large_for_an_int_is_refused_before_it_is_read(void **state)
{
    (void)state;
    struct csv_table table;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_write("huge.csv", "", 0));
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, INT64_C(1) << 31, SEEK_SET), 0);
    fputc('x', f); /* a hole: takes no space */
    assert_int_equal(fclose(f), 0);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "the file has 2147483649 bytes, more than"));
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct csv_table table;
    const char *csv = "a,b,c\n1,2,3\n\"4\n\",5,6\n";
    const char *path = scratch_write("a.csv", csv, strlen(csv));
    FAILING_ALLOC_EACH(csv_table_read(&table, path, ',', &err), &err)
        ;
    csv_table_free(&table);
}

static void a_field_that_was_written_is_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain", "",      "a b",  " a",       "a ",
                                        "a,b",   "\"q\"", "a\nb", "\r",       "\xC3\xA4;\t|",
                                        "a\"b",  "#x",    "\"",   "\"\"\",\n"};
    enum { N = sizeof texts / sizeof texts[0] };
    char path[512];
    struct csv_table table;
    snprintf(path, sizeof path, "%s", scratch_path("a.csv"));
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (int i = 0; i < N; i++) {
        fputs(i > 0 ? "," : "", f);
        csv_put_field(f, texts[i]);
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_OK);
    assert_int_equal(table.n_rows, 1);
    assert_int_equal(table.row[0].n_fields, N);
    for (int i = 0; i < N; i++)
        assert_string_equal(table.row[0].field[i], texts[i]);
    csv_table_free(&table);
}

static void a_field_is_quoted_only_when_it_must_be(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    csv_put_field(stream, "a b'c;d");
    fputc(',', stream);
    csv_put_field(stream, "e,f");
    fclose(stream);
    assert_string_equal(text, "a b'c;d,\"e,f\"");
    free(text);
}

static void assert_raw(const char *csv, const char *const *expected, size_t n)
{
    struct csv_table table;
    const char *path = scratch_write("a.csv", csv, strlen(csv));
    assert_int_equal(csv_table_read_raw(&table, path, ',', &err), STATUS_OK);
    assert_int_equal(table.n_rows, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(table.row[i].raw_bytes, strlen(expected[i]));
        assert_memory_equal(table.row[i].raw, expected[i], strlen(expected[i]));
    }
    csv_table_free(&table);
}

static void rows_are_kept_as_they_stand(void **state)
{
    (void)state;
    static const char *const expected[] = {"\"b\"\"\n\r\n\",c", "\"d\r\",", " e"};
    assert_raw("\xEF\xBB\xBF\r\n\"b\"\"\n\r\n\",c\r\n\n\"d\r\",\r\r e", expected, 3);
    assert_raw("", NULL, 0);
    struct csv_table table;
    const char *path = scratch_write("a.csv", "a\n", 2);
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_OK);
    assert_null(table.row[0].raw);
    csv_table_free(&table);
    FAILING_ALLOC_EACH(csv_table_read_raw(&table, path, ',', &err), &err)
        assert_null(table.storage);
    csv_table_free(&table);
}

static void a_field_as_it_stands_ends_at_its_delimiter(void **state)
{
    (void)state;
    static const char row[] = "\"a,\"\"\",b,,\"\"";
    static const size_t expected[] = {6, 1, 0, 2};
    const char *at = row, *end = row + strlen(row);
    for (int i = 0; i < 4; i++) {
        size_t bytes;
        csv_raw_field(&bytes, at, end, ',');
        assert_int_equal(bytes, expected[i]);
        at += bytes + 1;
    }
    assert_ptr_equal(at, end + 1);
}

static void two_texts_are_one_field_of_any_table(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    csv_put_joined(stream, "a/", "b", ';');
    csv_put_joined(stream, "a;", "b", ';');
    csv_put_joined(stream, "a", "b,", ';');
    csv_put_joined(stream, "", " b", ';');
    csv_put_joined(stream, " ", "b", ';');
    csv_put_joined(stream, "\"", "\"", ';');
    csv_put_quoted(stream, "a", "b");
    fclose(stream);
    assert_string_equal(text, "a/b\"a;b\"\"ab,\"\" b\"\" b\"\"\"\"\"\"\"\"ab\"");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(fields_are_given_as_they_stand),
        SCRATCH_TEST(the_last_line_needs_no_end),
        SCRATCH_TEST(a_file_without_rows_is_no_error),
        SCRATCH_TEST(a_byte_order_mark_is_dropped_once_and_at_the_start_only),
        SCRATCH_TEST(a_row_knows_its_line_behind_blank_lines),
        SCRATCH_TEST(a_row_knows_its_line_behind_quoted_line_ends),
        SCRATCH_TEST(a_delimiter_can_be_chosen),
        SCRATCH_TEST(wrong_quoting_is_refused_with_its_line),
        SCRATCH_TEST(a_zero_byte_is_refused_with_its_line),
        SCRATCH_TEST(text_of_a_spreadsheets_encoding_is_refused_by_name),
        SCRATCH_TEST(what_cannot_be_read_is_named),
        SCRATCH_TEST(a_long_field_and_many_fields_are_read),
        SCRATCH_TEST(a_file_too_large_for_an_int_is_refused_before_it_is_read),
        SCRATCH_TEST(a_failing_allocation_is_a_clean_error),
        SCRATCH_TEST(a_field_that_was_written_is_read_back),
        SCRATCH_TEST(a_field_is_quoted_only_when_it_must_be),
        SCRATCH_TEST(rows_are_kept_as_they_stand),
        cmocka_unit_test(a_field_as_it_stands_ends_at_its_delimiter),
        cmocka_unit_test(two_texts_are_one_field_of_any_table),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
