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
    const char *cam;              /* folder for activation maps; NULL: none */
    const char *list;             /* of further data; "-": standard input; NULL: none */
    bool zero_ends;               /* paths of lists end with a zero byte */
    bool json_lines;
    double reject_below; /* 0: nothing is rejected */
    bool evaluate;
    char *calibrate; /* table of labelled images, which is data, too; NULL: images are classified */
    int top;         /* best classes that get columns; 0: every class gets one */
    char *const *models; /* [n_models], at least one */
    char *const *data;   /* [n_data]; "-": a list on standard input */
    int n_models, n_data;
};

/* Usage errors; *out is freed by the caller in any case. argv is put in another order (options
 * first). */
enum status predict_options_parse(struct predict_options *out, int argc, char **argv,
                                  struct error *err);
void predict_options_free(struct predict_options *o); /* a zeroed one is fine */
void predict_options_help(FILE *stream);

/* A table is what ends in ".csv" (in any case), and a file of another name, but that of an image
 * (data/image_folders.h), whose first bytes are text; so is standard
 * input by the name /dev/stdin. */
bool predict_options_is_table(const char *path);

#endif
