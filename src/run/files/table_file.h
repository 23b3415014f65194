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

/* How far a table was written, and what stands there. */
struct table_mark {
    int64_t length; /* in bytes */
    uint64_t hash;  /* hash_bytes of them; 0: not known */
};

struct table_file {
    char *path;             /* owned */
    int fd;                 /* -1: not open */
    struct text_stream row; /* between begin and end */
    FILE *stream;           /* its */
    uint64_t hash;          /* of all rows; only of a file that was created or cut here */
};

/* Creates the file, which must not exist, or opens an existing one. */
enum status table_file_open(struct table_file *t, const char *path, bool create, struct error *err);
void table_file_close(struct table_file *t); /* fine after a failed open */

/* begin, fprintf to t->stream, end: end adds the newline and appends the row. */
enum status table_file_begin(struct table_file *t, struct error *err);
enum status table_file_end(struct table_file *t, struct error *err);
/* A comma and the number; nothing behind the comma for NaN. */
void table_file_put_number(struct table_file *t, double value);

/* The mark behind all rows, once they are on the disk. */
enum status table_file_sync(struct table_mark *mark, const struct table_file *t, struct error *err);
/* Forgets what stands behind the mark. A file that is shorter, or that holds other bytes before the
 * mark than were written, is an error and stays as it is. */
enum status table_file_cut(struct table_file *t, const struct table_mark *mark, struct error *err);

#endif
