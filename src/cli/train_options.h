/* The command line of atk-train: one option for each row of the settings table. */
#ifndef CLI_TRAIN_OPTIONS_H
#define CLI_TRAIN_OPTIONS_H

#include "base/error.h"
#include "run/settings/settings.h"

#include <stdbool.h>
#include <stdio.h>

struct train_options {
    struct settings set; /* resolved: defaults, then --resume's args.yaml, --config, command line */
    bool help, version;  /* nothing else is looked at then */
};

/* *out is freed by the caller in any case. argv is put in another order (options first). */
enum status train_options_parse(struct train_options *out, int argc, char **argv,
                                struct error *err);
void train_options_free(struct train_options *o); /* a zeroed one is fine */
void train_options_help(FILE *stream);

#endif
