/* Where the image and the label stand in the rows of a CSV table. */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

#include "base/error.h"
#include "io/csv.h"

#include <stdbool.h>

/* *column = the position of `name` in the header row, spaces around the header's names aside; -1 if
 * it is not there and `optional`. Errors (path:line): a column that is missing (lists those that
 * are there, and names the one that may be meant), or there twice. */
enum status columns_find(int *column, const struct csv_row *header, const char *name, bool optional,
                         const char *path, struct error *err);

#endif
