/* --help: one row for each option, wrapped at 80 columns. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

struct help_row {
    const char *name;     /* "batch-size" */
    char letter;          /* or 0 */
    const char *argument; /* "N"; NULL: none */
    const char *text;
    const char *initial; /* the default, put behind the text; NULL: not said */
};
void help_put_row(FILE *stream, const struct help_row *row);

#endif
