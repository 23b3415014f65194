/* What the commands of atk-data that write the rows of a table again have in common. */
#ifndef CLI_DATA_REWRITE_H
#define CLI_DATA_REWRITE_H

#include "cli/data_options.h"
#include "cli/data_outputs.h"
#include "cli/data_table.h"

/* Says which tables there will be: creates and names them. */
typedef enum status data_rewrite_name(struct data_outputs *out, const struct data_options *o,
                                      struct error *err);
/* Opens, fills and commits them. */
typedef enum status data_rewrite_write(struct data_outputs *out, const struct data_table *t,
                                       const struct data_options *o, struct error *err);

/* Checks --out and the table's name, names the outputs before it reads the table (one that is there
 * is an error that costs nothing), and writes. */
enum status data_rewrite(struct data_options *o, data_rewrite_name *name, data_rewrite_write *write,
                         struct error *err);

#endif
