/* CSV by libcsv (RFC 4180 quoting, strict): the only file that includes <csv.h>. A UTF-8 BOM is
 * dropped; CRLF and blank lines are handled; each row knows the line of the file on which it begins
 * (quoted fields may hold newlines). */
#ifndef IO_CSV_H
#define IO_CSV_H

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

struct csv_row {
    int line; /* 1-based */
    int n_fields;
    char **field;    /* n_fields strings, never NULL */
    const char *raw; /* [raw_bytes] as it stands in the file, without its line end; NULL unless
                        csv_table_read_raw has read it */
    size_t raw_bytes;
};

struct csv_table {
    struct csv_row *row;
    size_t n_rows;
    void *storage; /* owns all strings */
};

/* Reads the whole file. Errors say "path:line: ...": bad quoting, a NUL byte, UTF-16, a file that
 * cannot be read. An empty file gives zero rows and STATUS_OK. Fields are given as they stand,
 * spaces included. */
enum status csv_table_read(struct csv_table *out, const char *path, char delimiter,
                           struct error *err);
/* Likewise, and keeps the rows as they stand, for who writes them again. */
enum status csv_table_read_raw(struct csv_table *out, const char *path, char delimiter,
                               struct error *err);
void csv_table_free(struct csv_table *table); /* a zeroed table is fine */

/* *bytes = the length of the field at `raw` as it stands, quotes included, in a row that ends at
 * `end`; what follows it there is the delimiter, or the end. */
void csv_raw_field(size_t *bytes, const char *raw, const char *end, char delimiter);

/* Writes one field, quoted when it must be (delimiter ',', quote, CR, LF, leading/trailing space).
 */
void csv_put_field(FILE *stream, const char *text);
/* `begin` and `text` as one field of a table with another delimiter; a comma is quoted, too. */
void csv_put_joined(FILE *stream, const char *begin, const char *text, char delimiter);
/* Likewise, quoted in any case. */
void csv_put_quoted(FILE *stream, const char *begin, const char *text);

#endif
