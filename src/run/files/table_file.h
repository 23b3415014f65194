/* A CSV file that grows row by row, and in which a reader never meets half a row: a row is one
 * write(), and when only a part of it gets to the disk (no space left) the file is cut back to
 * where the row began. */
#ifndef RUN_FILES_TABLE_FILE_H
#define RUN_FILES_TABLE_FILE_H

#include "base/error.h"
#include "base/text_stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct table_file {
    char *path;             /* owned */
    int fd;                 /* -1: not open */
    struct text_stream row; /* between begin and end */
    FILE *stream;           /* its */
};

/* Creates the file, which must not exist, or opens an existing one. */
enum status table_file_open(struct table_file *t, const char *path, bool create, struct error *err);
void table_file_close(struct table_file *t); /* fine after a failed open */

/* begin, fprintf to t->stream, end: end adds the newline and appends the row. */
enum status table_file_begin(struct table_file *t, struct error *err);
enum status table_file_end(struct table_file *t, struct error *err);
/* A comma and the number; nothing behind the comma for NaN. */
void table_file_put_number(struct table_file *t, double value);

/* Length in bytes, once all rows are on the disk. */
enum status table_file_sync(int64_t *length, const struct table_file *t, struct error *err);
/* Forgets what stands behind the first `length` bytes; a shorter file is an error. */
enum status table_file_cut(const struct table_file *t, int64_t length, struct error *err);

#endif
