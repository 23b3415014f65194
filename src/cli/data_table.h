/* The table of a command of atk-data that writes its rows again. */
#ifndef CLI_DATA_TABLE_H
#define CLI_DATA_TABLE_H

#include "cli/data_options.h"
#include "data/dataset.h"
#include "data/table_copy.h"

/* Plain; all zero is fine to close. */
struct data_table {
    struct dataset *data;
    struct table_copy copy; /* as the options say, for a table beside --out */
    char *prefix;           /* copy.prefix */
};

/* Reads it as atk-train does, and warns of what atk-train would warn of when it knows nothing but
 * the table. */
enum status data_table_open(struct data_table *out, const char *path, const struct data_options *o,
                            struct error *err);
void data_table_close(struct data_table *t);

#endif
