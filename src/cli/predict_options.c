/* One table: getopt_long's list and --help are made from it. */
#include "cli/predict_options.h"

#include "base/files.h"
#include "base/suggest.h"
#include "cli/getopt_error.h"
#include "cli/help.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A row whose name the settings table knows is parsed by it; argument and help NULL: as there. */
static const struct row {
    const char *name;
    char letter;
    const char *argument, *help;
} table[] = {
    {"out", 'o', "FILE",
     "write the table to FILE, whole or not at all (default, and -: standard output)"},
    {"confusion-matrix", 0, "FILE",
     "write a CSV of true against predicted classes (-: standard output)"},
    {"images", 0, NULL, NULL},
    {"image-column", 0, NULL, NULL},
    {"label-column", 0, NULL, NULL},
    {"no-header", 0, NULL, NULL},
    {"delimiter", 0, NULL, NULL},
    {"on-bad-image", 0, NULL, "an image that cannot be read: stop, or leave it out and say so"},
    {"max-pixels", 0, NULL, NULL},
    {"batch-size", 0, NULL, "images that go through the network at once"},
    {"tta", 0, NULL,
     "flip: classify with the mean of the probabilities of an image and of its mirror image, in "
     "twice the time"},
    {"threads", 0, NULL, NULL},
    {"workers", 0, NULL, NULL},
    {"quiet", 'q', NULL, "print the table, warnings and errors only"},
    {"json", 0, NULL,
     "last line of standard output: one JSON object with the figures; needs --out"},
    {"help", 'h', NULL, "print this and exit"},
    {"version", 'V', NULL, "print the version and exit"},
};
enum { N_ROWS = sizeof table / sizeof table[0] };

static bool takes_value(const struct row *row)
{
    const struct setting *s = settings_table_find(row->name);
    return row->argument || (s && s->type != SETTING_FLAG);
}

static const char *suggest(const char *word)
{
    const char *name[N_ROWS];
    for (int i = 0; i < N_ROWS; i++)
        name[i] = table[i].name;
    return suggest_nearest(word, name, N_ROWS);
}

static enum status take(struct predict_options *out, const struct row *row, const char *value,
                        struct error *err)
{
    if (strcmp(row->name, "help") == 0) {
        out->help = true;
    } else if (strcmp(row->name, "version") == 0) {
        out->version = true;
    } else if (strcmp(row->name, "confusion-matrix") == 0) {
        out->confusion_matrix = value;
    } else {
        char where[64];
        snprintf(where, sizeof where, "--%s", row->name);
        return settings_set(&out->set, settings_table_find(row->name),
                            takes_value(row) ? value : "true", where, err);
    }
    return STATUS_OK;
}

static const struct row *find_letter(int letter)
{
    for (int i = 0; i < N_ROWS; i++)
        if (table[i].letter != 0 && table[i].letter == letter)
            return &table[i];
    return NULL;
}

static enum status parse_options(struct predict_options *out, int argc, char **argv,
                                 struct error *err)
{
    struct option list[N_ROWS + 1] = {0};
    char letters[2 * N_ROWS + 2] = ":"; /* a missing argument is told apart */
    char *end = letters + 1;
    for (int i = 0; i < N_ROWS; i++) {
        bool value = takes_value(&table[i]);
        list[i] = (struct option){table[i].name, value ? required_argument : no_argument, NULL,
                                  GETOPT_ERROR_FIRST_LONG + i};
        if (table[i].letter != 0) {
            *end++ = table[i].letter;
            if (value)
                *end++ = ':';
        }
    }
    opterr = 0;
    optind = 0; /* GNU: start afresh */
    for (;;) {
        int code = getopt_long(argc, argv, letters, list, NULL);
        if (code == -1)
            return STATUS_OK;
        if (code == '?' || code == ':')
            return getopt_error(code, argv, "atk-predict", suggest, err);
        int index = code - GETOPT_ERROR_FIRST_LONG;
        const struct row *row = index >= 0 ? &table[index] : find_letter(code);
        enum status status = take(out, row, optarg, err);
        if (status != STATUS_OK)
            return status;
    }
}

enum status predict_options_parse(struct predict_options *out, int argc, char **argv,
                                  struct error *err)
{
    *out = (struct predict_options){0};
    enum status status = settings_init(&out->set, err);
    if (status == STATUS_OK)
        status = parse_options(out, argc, argv, err);
    if (status != STATUS_OK || out->help || out->version)
        return status;
    if (argc - optind < 2)
        return error_usage(err, "%s; usage: atk-predict [OPTION...] MODEL DATA.csv|IMAGE...",
                           argc - optind < 1 ? "no model given" : "no table or images given");
    out->model = argv[optind];
    out->data = argv + optind + 1;
    out->n_data = argc - optind - 1;
    if (out->set.out && files_is_standard_output(out->set.out)) {
        free(out->set.out);
        out->set.out = NULL;
    }
    if (out->set.json && !out->set.out)
        return error_usage(err, "--json needs --out FILE: standard output carries the table");
    return STATUS_OK;
}

void predict_options_free(struct predict_options *o)
{
    settings_free(&o->set);
    *o = (struct predict_options){0};
}

bool predict_options_is_table(const struct predict_options *o)
{
    size_t length = strlen(o->data[0]);
    return o->n_data == 1 && length >= 4 && strcasecmp(o->data[0] + length - 4, ".csv") == 0;
}

void predict_options_help(FILE *stream)
{
    fputs("Usage: atk-predict [OPTION...] MODEL DATA.csv\n"
          "  or:  atk-predict [OPTION...] MODEL IMAGE...\n"
          "Classify images with a network that atk-train has trained.\n\n"
          "MODEL is a run folder (its best.safetensors, or last.safetensors when there was\n"
          "no validation) or a weights file. A single argument that ends in .csv is a table\n"
          "of images; anything else is an image: JPEG, PNG, WebP, GIF or BMP.\n\n"
          "The result is a CSV table: image,predicted,probability and one column of\n"
          "probabilities for each class. When the table of images has labels, accuracy,\n"
          "mean cross-entropy and recall of each class are printed: to standard error, or\n"
          "to standard output with --out. Labels are matched to the model's classes by\n"
          "name.\n\n",
          stream);
    for (int i = 0; i < N_ROWS; i++) {
        const struct row *row = &table[i];
        const struct setting *s = settings_table_find(row->name);
        bool value = s && s->type != SETTING_FLAG;
        help_put_row(stream, &(struct help_row){
                                 .name = row->name,
                                 .letter = row->letter,
                                 .argument = row->argument ? row->argument
                                             : value       ? s->argument
                                                           : NULL,
                                 .text = row->help ? row->help : s->help,
                                 .initial = value ? s->initial : NULL,
                             });
    }
    fputs("\nExit status: 0; 1 for data and files; 2 for usage; 130 and 143 when interrupted.\n",
          stream);
}
