#include "cli/data_options.h"

#include "base/files.h"
#include "base/number.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cli/getopt_error.h"
#include "cli/help.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 32 };

/* Options that atk-train does not have. */
enum kind { TEXT, FLAG, SHARE, COUNT };
static const struct value {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct data_options */
    int min, max;  /* of a count */
} values[] = {
    {"out", TEXT, offsetof(struct data_options, out), 0, 0},
    {"relative-to", TEXT, offsetof(struct data_options, relative_to), 0, 0},
    {"names", TEXT, offsetof(struct data_options, names), 0, 0},
    {"first-number", COUNT, offsetof(struct data_options, first_number), 0, 999999999},
    {"test", SHARE, offsetof(struct data_options, test), 0, 0},
    {"share", SHARE, offsetof(struct data_options, share), 0, 0},
    {"folds", COUNT, offsetof(struct data_options, folds), 2, 100},
    {"keep-paths", FLAG, offsetof(struct data_options, keep_paths), 0, 0},
    {"help", FLAG, offsetof(struct data_options, help), 0, 0},
};

/* NULL: atk-train's. */
static const struct value *find_value(const struct data_option *row)
{
    for (size_t i = 0; row->text && i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].name, row->name) == 0)
            return &values[i];
    return NULL;
}

static bool takes_value(const struct data_option *row)
{
    const struct value *v = find_value(row);
    return v ? v->kind != FLAG : settings_table_find(row->name)->type != SETTING_FLAG;
}

static char letter_of(const struct data_option *row)
{
    return find_value(row) ? row->letter : settings_table_find(row->name)->letter;
}

static enum status set_count(int *out, const struct value *v, const char *text, struct error *err)
{
    double number;
    if (text[strspn(text, "0123456789")] != '\0' || !number_parse(&number, text) ||
        number < v->min || number > v->max)
        return error_usage(err, "--%s: \"%s\" is not an integer in %d..%d", v->name, text, v->min,
                           v->max);
    *out = (int)number;
    return STATUS_OK;
}

static enum status set_share(double *out, const struct value *v, const char *text,
                             struct error *err)
{
    double number;
    if (!number_parse(&number, text) || number <= 0 || number >= 1)
        return error_usage(err, "--%s: \"%s\" is not a number in (0, 1)", v->name, text);
    *out = number;
    return STATUS_OK;
}

static enum status set_text(const char **out, const struct value *v, const char *text,
                            struct error *err)
{
    if (*text == '\0')
        return error_usage(err, "--%s: the text is empty", v->name);
    *out = text;
    return STATUS_OK;
}

/* text is ignored where none is taken. */
static enum status take(struct data_options *o, const struct data_option *row, const char *text,
                        struct error *err)
{
    const struct value *v = find_value(row);
    if (!v) {
        char where[64];
        snprintf(where, sizeof where, "--%s", row->name);
        return settings_set(&o->set, settings_table_find(row->name),
                            takes_value(row) ? text : "true", where, err);
    }
    void *field = (char *)o + v->offset;
    switch (v->kind) {
    case TEXT:
        return set_text(field, v, text, err);
    case SHARE:
        return set_share(field, v, text, err);
    case COUNT:
        return set_count(field, v, text, err);
    case FLAG:
        *(bool *)field = true;
        break;
    }
    return STATUS_OK;
}

/* ---- getopt ---- */

static const struct data_command *parsed; /* global, as getopt's own state is */

static const char *suggest(const char *word)
{
    const char *name[MOST_OPTIONS];
    for (int i = 0; i < parsed->n_options; i++)
        name[i] = parsed->option[i].name;
    return suggest_nearest(word, name, parsed->n_options);
}

static const struct data_option *find_letter(const struct data_command *command, int letter)
{
    for (int i = 0; i < command->n_options; i++)
        if (letter_of(&command->option[i]) == letter)
            return &command->option[i];
    return NULL;
}

static void build_lists(struct option *list, char *letters, const struct data_command *command)
{
    *letters++ = ':'; /* a missing value is told apart from an unknown option */
    for (int i = 0; i < command->n_options; i++) {
        const struct data_option *row = &command->option[i];
        bool value = takes_value(row);
        list[i] = (struct option){row->name, value ? required_argument : no_argument, NULL,
                                  GETOPT_ERROR_FIRST_LONG + i};
        if (letter_of(row)) {
            *letters++ = letter_of(row);
            if (value)
                *letters++ = ':';
        }
    }
    *letters = '\0';
    list[command->n_options] = (struct option){0};
}

static enum status read_options(struct data_options *o, const struct data_command *command,
                                int argc, char **argv, struct error *err)
{
    struct option list[MOST_OPTIONS + 1];
    char letters[2 * MOST_OPTIONS + 2];
    build_lists(list, letters, command);
    parsed = command;
    opterr = 0;
    optind = 0; /* GNU: start afresh */
    for (;;) {
        int code = getopt_long(argc, argv, letters, list, NULL);
        if (code == -1)
            return STATUS_OK;
        if (code == '?' || code == ':')
            return getopt_error(code, argv, command->program, suggest, err);
        int row = code - GETOPT_ERROR_FIRST_LONG;
        const struct data_option *option =
            row >= 0 ? &command->option[row] : find_letter(command, code);
        if (take(o, option, optarg, err) != STATUS_OK)
            return err->status;
        o->test_is_given = o->test_is_given || strcmp(option->name, "test") == 0;
    }
}

static enum status set_defaults(struct data_options *o, const struct data_command *command,
                                struct error *err)
{
    for (int i = 0; i < command->n_options; i++)
        if (command->option[i].initial &&
            take(o, &command->option[i], command->option[i].initial, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

enum status data_options_parse(struct data_options *out, const struct data_command *command,
                               int argc, char **argv, struct error *err)
{
    *out = (struct data_options){.program = command->program};
    if (settings_init(&out->set, err) != STATUS_OK ||
        set_defaults(out, command, err) != STATUS_OK ||
        read_options(out, command, argc, argv, err) != STATUS_OK ||
        (!out->help && settings_check_columns(&out->set, err) != STATUS_OK))
        return err->status;
    out->argument = argv + optind;
    out->n_arguments = argc - optind;
    return STATUS_OK;
}

void data_options_free(struct data_options *o)
{
    settings_free(&o->set);
    *o = (struct data_options){0};
}

/* ---- what commands have in common ---- */

void data_options_help(FILE *stream, const struct data_command *command)
{
    fprintf(stream, "Usage: %s %s\n%s\n", command->program, command->arguments,
            command->description);
    for (int i = 0; i < command->n_options; i++) {
        const struct data_option *row = &command->option[i];
        const struct setting *s = find_value(row) ? NULL : settings_table_find(row->name);
        bool value = s && s->type != SETTING_FLAG;
        help_put_row(stream, &(struct help_row){
                                 .name = row->name,
                                 .letter = letter_of(row),
                                 .argument = value ? s->argument : row->argument,
                                 .text = row->text ? row->text : s->help,
                                 .initial = value ? s->initial : row->initial,
                             });
    }
    fputs("\nExit status: 0; 1 for data and files; 2 for usage; 130 and 143 when interrupted.\n",
          stream);
}

enum status data_options_table(const char **table, const struct data_options *o, struct error *err)
{
    if (o->n_arguments != 1)
        return error_usage(err, "one table was expected, not %d; see %s --help", o->n_arguments,
                           o->program);
    *table = o->argument[0];
    return STATUS_OK;
}

enum status data_options_check_out(const struct data_options *o, struct error *err)
{
    char *folder = NULL;
    if (!o->out)
        return error_usage(err, "--out PREFIX is missing; see %s --help", o->program);
    if (files_directory(&folder, o->out, err) != STATUS_OK)
        return err->status;
    enum status status = files_is_directory(folder)
                             ? STATUS_OK
                             : error_set(err, "--out: %s is not a folder", folder);
    free(folder);
    return status;
}

void data_options_say(const struct data_options *o, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_make_printable(text);
    fprintf(stderr, "%s: %s\n", o->program, text);
}
