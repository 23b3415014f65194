/* The command line of atk-predict. Options that atk-train has too are rows of its settings table:
 * same names, same checks, same messages. */
#ifndef CLI_PREDICT_OPTIONS_H
#define CLI_PREDICT_OPTIONS_H

#include "base/error.h"
#include "run/settings/settings.h"

#include <stdbool.h>
#include <stdio.h>

struct predict_options {
    struct settings set; /* those fields that atk-predict has an option for; owned */
    bool help, version;
    const char *confusion_matrix; /* borrowed from argv, as is all below; NULL: none */
    const char *model;
    char *const *data; /* [n_data] */
    int n_data;
};

/* Usage errors; *out is freed by the caller in any case. argv is put in another order (options
 * first). */
enum status predict_options_parse(struct predict_options *out, int argc, char **argv,
                                  struct error *err);
void predict_options_free(struct predict_options *o); /* a zeroed one is fine */
void predict_options_help(FILE *stream);

/* One argument that ends in ".csv" (in any case) is a table; all others are images. */
bool predict_options_is_table(const struct predict_options *o);

#endif
