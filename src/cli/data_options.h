/* The command line of one command of atk-data ("split", "check"). Options that atk-train has too
 * are rows of its settings table: same names, same checks, same messages. */
#ifndef CLI_DATA_OPTIONS_H
#define CLI_DATA_OPTIONS_H

#include "base/error.h"
#include "run/settings/settings.h"

#include <stdbool.h>
#include <stdio.h>

/* A row of a command's table, from which its options are read and its --help is made. */
struct data_option {
    const char *name;
    char letter;          /* or 0 */
    const char *argument; /* "N"; NULL: none */
    const char *text;     /* a phrase; NULL: that of atk-train's option of this name, whose argument
                             and default are then this one's, too */
    const char *initial;  /* the default, which is read like a value; NULL: none */
};
/* clang-format off */
/* Rows that several commands have: how a table is written ... */
#define DATA_OPTIONS_OF_TABLES \
    {.name = "image-column"}, {.name = "label-column"}, {.name = "no-header"}, {.name = "delimiter"}
/* ... labels that are numbers ... */
#define DATA_OPTIONS_OF_NAMES \
    {"names", 0, "FILE", "labels are numbers, and FILE has the names, one a line", NULL}, \
    {"first-number", 0, "N", "number of the first name of --names", "0"}
/* ... and copies of a table beside another folder. */
#define DATA_OPTIONS_OF_COPIES \
    {"keep-paths", 0, NULL, "leave paths as they are", NULL}, \
    {"images", 0, "DIR", \
     "where relative paths of images begin, if not at the table's folder; they are left as they are " \
     "then, for atk-train with the same option", NULL}, \
    DATA_OPTIONS_OF_NAMES
#define DATA_OPTION_HELP {"help", 'h', NULL, "print this and exit", NULL}
/* clang-format on */

struct data_options {
    const char *program; /* "atk-data split": what messages begin with */
    struct settings set; /* those fields that the command has an option for; owned */
    /* All below is borrowed from argv. */
    const char *out;         /* --out, without ".csv" at its end; NULL: not given, and so on */
    const char *relative_to; /* --relative-to */
    const char *names;       /* --names */
    int first_number;        /* --first-number */
    double test, share;      /* --test, --share */
    int folds;               /* --folds; 0: not given */
    bool keep_paths;         /* --keep-paths */
    bool help;
    bool test_is_given;
    bool has_output;       /* standard output was open when the program began; set by main */
    char *const *argument; /* [n_arguments] what is no option */
    int n_arguments;
};

struct data_command {
    const char *name;
    const char *program;     /* "atk-data NAME" */
    const char *arguments;   /* "[OPTION...] --out PREFIX TABLE" */
    const char *summary;     /* a phrase, for the list of commands */
    const char *description; /* lines of at most 80 characters, each with its line feed */
    const struct data_option *option;
    int n_options;
    enum status (*run)(struct data_options *o, struct error *err);
};

/* argv[0] is the command's name. Usage errors; *out is freed by the caller in any case. argv is put
 * in another order (options first). */
enum status data_options_parse(struct data_options *out, const struct data_command *command,
                               int argc, char **argv, struct error *err);
void data_options_free(struct data_options *o); /* a zeroed one is fine */
void data_options_help(FILE *stream, const struct data_command *command);

/* *table = the one argument that there must be. */
enum status data_options_table(const char **table, const struct data_options *o, struct error *err);
/* Whether --out is there, and its folder exists. */
enum status data_options_check_out(const struct data_options *o, struct error *err);

/* A line on standard error, behind the program's name. */
void data_options_say(const struct data_options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
