/* The CSV tables of a run folder, read back: columns by name, fields as numbers. */
#ifndef RUN_PAGE_PAGE_TABLE_H
#define RUN_PAGE_PAGE_TABLE_H

#include "base/error.h"
#include "data/string_index.h"
#include "io/csv.h"

struct page_table {
    struct csv_table csv;
    const char *path; /* borrowed */
    int n_rows;       /* below the header; row i is csv.row[i + 1] */
};

/* A file that is not there, or a row with another number of fields than the header: an error. */
enum status page_table_read(struct page_table *out, const char *path, struct error *err);
void page_table_free(struct page_table *t); /* a zeroed one is fine */
/* The first column of this name; -1: there is none. */
int page_table_find(const struct page_table *t, const char *name);
/* Likewise; none is an error. */
enum status page_table_column(int *column, const struct page_table *t, const char *name,
                              struct error *err);
int page_table_columns(const struct page_table *t);
/* Borrowed. row from 0. */
const char *page_table_text(const struct page_table *t, int row, int column);
/* NaN: the field is empty, or says nan or inf. Anything else but a number is an error. */
enum status page_table_number(double *out, const struct page_table *t, int row, int column,
                              struct error *err);
/* The number of a class by its name; one that is not in the index is an error. */
enum status page_table_class(int *out, const struct page_table *t, int row, int column,
                             const struct string_index *classes, struct error *err);

#endif
