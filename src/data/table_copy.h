/* Rows of a table written into another one. What need not change stands there byte for byte: order
 * and number of columns, quoting, line breaks in quotes. Lines end with LF, and a byte order mark
 * is left out. */
#ifndef DATA_TABLE_COPY_H
#define DATA_TABLE_COPY_H

#include "base/error.h"
#include "data/dataset.h"

#include <stdbool.h>
#include <stdio.h>

/* Plain. */
struct table_copy {
    const struct dataset *data; /* with its table kept */
    const char *prefix;         /* what relative image paths get in front; "": they stay */
    bool names_labels;          /* labels are written as the names of their classes */
};

/* The header, when there is one. */
void table_copy_header(const struct table_copy *copy, FILE *stream);
/* Row `row` of the data set; label, unless NULL, in place of its own. */
void table_copy_row(const struct table_copy *copy, FILE *stream, int row, const char *label);
/* The row's image, with the prefix where it gets one, as a field of a table with commas. */
void table_copy_image(const struct table_copy *copy, FILE *stream, int row);

#endif
