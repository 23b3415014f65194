/* The samples of csv-spectrum (with JSON truth) and rust-csv in the shared data; skipped when that
 * folder is not there (ATK_SHARED, default ../shared). */
#include "io/csv.h"

#include "base/files.h"
#include "scratch.h"

#include <jansson.h>

static struct error err;

/* Path of a sample; the running test is skipped when it is absent. Good until the next call. */
static const char *sample(const char *folder, const char *name, const char *suffix)
{
    static char path[1024];
    const char *shared = getenv("ATK_SHARED");
    snprintf(path, sizeof path, "%s/data/csv/%s/%s%s", shared ? shared : "../shared", folder, name,
             suffix);
    if (!files_exist(path)) {
        print_message("no %s: set ATK_SHARED\n", path);
        skip();
    }
    return path;
}

/* The shared copies of the *_crlf files have lost their CRs: puts them back. */
static const char *with_crlf(const char *path)
{
    uint8_t *bytes;
    size_t size, used = 0;
    char text[4096];
    assert_int_equal(files_read(&bytes, &size, path, sizeof text / 2, &err), STATUS_OK);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
            text[used++] = '\r';
        text[used++] = (char)bytes[i];
    }
    free(bytes);
    return scratch_write("crlf.csv", text, used);
}

/* truth is a list with one object for each row behind the header. */
static void assert_is_truth(const struct csv_table *table, const json_t *truth)
{
    assert_int_equal(table->n_rows, json_array_size(truth) + 1);
    const struct csv_row *header = &table->row[0];
    for (size_t i = 1; i < table->n_rows; i++) {
        const json_t *object = json_array_get(truth, i - 1);
        assert_int_equal(table->row[i].n_fields, json_object_size(object));
        for (int j = 0; j < header->n_fields; j++) {
            const char *expected = json_string_value(json_object_get(object, header->field[j]));
            assert_non_null(expected);
            assert_string_equal(table->row[i].field[j], expected);
        }
    }
}

static void csv_spectrum_is_read_as_its_truth_says(void **state)
{
    (void)state;
    static const char *const names[] = {
        "comma_in_quotes",
        "empty",
        "empty_crlf",
        "escaped_quotes",
        "json",
        "newlines",
        "newlines_crlf",
        "simple",
        "simple_crlf",
        "utf8",
        "quotes_and_newlines",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct csv_table table;
        json_error_t problem;
        const char *path = sample("csv-spectrum/csvs", names[i], ".csv");
        if (strstr(names[i], "_crlf"))
            path = with_crlf(path);
        assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_OK);
        json_t *truth = json_load_file(sample("csv-spectrum/json", names[i], ".json"), 0, &problem);
        assert_non_null(truth);
        assert_is_truth(&table, truth);
        json_decref(truth);
        csv_table_free(&table);
    }
}

/* Its unquoted field 37'37.8"N has a quote inside, which RFC 4180 does not allow. */
static void a_quote_inside_an_unquoted_field_is_refused_with_its_line(void **state)
{
    (void)state;
    struct csv_table table;
    const char *path = sample("csv-spectrum/csvs", "location_coordinates", ".csv");
    assert_int_equal(csv_table_read(&table, path, ',', &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "location_coordinates.csv:2: wrong quoting"));
}

static void rust_csv_samples_have_their_rows_fields_and_lines(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char delimiter;
        int rows, fields;
    } cases[] = {{"smallpop", ',', 11, 4},       {"smallpop-no-headers", ',', 10, 4},
                 {"smallpop-colon", ':', 11, 4}, {"uspop", ',', 101, 5},
                 {"uspop-null", ',', 101, 5},    {"uspop-latin1", ',', 101, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_table table;
        const char *path = sample("rust-csv", cases[i].name, ".csv");
        assert_int_equal(csv_table_read(&table, path, cases[i].delimiter, &err), STATUS_OK);
        assert_int_equal(table.n_rows, cases[i].rows);
        for (size_t r = 0; r < table.n_rows; r++) {
            assert_int_equal(table.row[r].line, r + 1);
            assert_int_equal(table.row[r].n_fields, cases[i].fields);
        }
        csv_table_free(&table);
    }
}

/* Quotes escaped by a backslash are another dialect. */
static void backslash_escapes_are_refused_with_their_line(void **state)
{
    (void)state;
    struct csv_table table;
    assert_int_equal(csv_table_read(&table, sample("rust-csv", "strange", ".csv"), ';', &err),
                     STATUS_FAILED);
    assert_non_null(strstr(err.message, "strange.csv:1: wrong quoting"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(csv_spectrum_is_read_as_its_truth_says),
        SCRATCH_TEST(a_quote_inside_an_unquoted_field_is_refused_with_its_line),
        SCRATCH_TEST(rust_csv_samples_have_their_rows_fields_and_lines),
        SCRATCH_TEST(backslash_escapes_are_refused_with_their_line),
    };
    return cmocka_run_group_tests_name("csv_samples", tests, NULL, NULL);
}
