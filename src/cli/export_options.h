/* The command line of atk-export. */
#ifndef CLI_EXPORT_OPTIONS_H
#define CLI_EXPORT_OPTIONS_H

#include "base/error.h"
#include "run/export/export.h"

#include <stdbool.h>
#include <stdio.h>

struct export_options_set {
    struct export_options graph;
    bool help, version, quiet;
    const char *model, *out; /* borrowed from argv */
};

/* Usage errors. argv is put in another order (options first). */
enum status export_options_parse(struct export_options_set *out, int argc, char **argv,
                                 struct error *err);
void export_options_help(FILE *stream);

#endif
