#include "run/page/page_table.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

enum { MOST_ROWS = 100 * 1000 * 1000 };

enum status page_table_read(struct page_table *out, const char *path, struct error *err)
{
    *out = (struct page_table){.path = path};
    if (csv_table_read(&out->csv, path, ',', err) != STATUS_OK)
        return err->status;
    enum status status = STATUS_OK;
    if (out->csv.n_rows == 0)
        status = error_set(err, "%s: a header line was expected", path);
    else if (out->csv.n_rows > MOST_ROWS)
        status = error_set(err, "%s: more than %d rows", path, MOST_ROWS);
    for (size_t i = 1; status == STATUS_OK && i < out->csv.n_rows; i++)
        if (out->csv.row[i].n_fields != out->csv.row[0].n_fields)
            status =
                error_set(err, "%s:%d: %d fields where the header has %d", path,
                          out->csv.row[i].line, out->csv.row[i].n_fields, out->csv.row[0].n_fields);
    if (status == STATUS_OK)
        out->n_rows = (int)out->csv.n_rows - 1;
    else
        page_table_free(out);
    return status;
}

void page_table_free(struct page_table *t)
{
    csv_table_free(&t->csv);
    *t = (struct page_table){0};
}

int page_table_columns(const struct page_table *t)
{
    return t->csv.row[0].n_fields;
}

int page_table_find(const struct page_table *t, const char *name)
{
    for (int i = 0; i < t->csv.row[0].n_fields; i++)
        if (strcmp(t->csv.row[0].field[i], name) == 0)
            return i;
    return -1;
}

enum status page_table_column(int *column, const struct page_table *t, const char *name,
                              struct error *err)
{
    *column = page_table_find(t, name);
    return *column >= 0 ? STATUS_OK
                        : error_set(err, "%s: there is no column \"%s\"", t->path, name);
}

const char *page_table_text(const struct page_table *t, int row, int column)
{
    return t->csv.row[row + 1].field[column];
}

enum status page_table_number(double *out, const struct page_table *t, int row, int column,
                              struct error *err)
{
    static const char *const none[] = {"", "nan", "-nan", "inf", "-inf"};
    const char *text = page_table_text(t, row, column);

    *out = NAN;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (strcmp(text, none[i]) == 0)
            return STATUS_OK;
    if (number_parse(out, text))
        return STATUS_OK;
    return error_set(err, "%s:%d: %s \"%s\" is not a number", t->path, t->csv.row[row + 1].line,
                     t->csv.row[0].field[column], text);
}

enum status page_table_class(int *out, const struct page_table *t, int row, int column,
                             const struct string_index *classes, struct error *err)
{
    const char *name = page_table_text(t, row, column);

    *out = string_index_find(classes, name);
    return *out >= 0 ? STATUS_OK
                     : error_set(err, "%s:%d: \"%s\" is none of the run's classes", t->path,
                                 t->csv.row[row + 1].line, name);
}
