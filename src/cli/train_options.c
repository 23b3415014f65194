/* The command line is read to its end before anything is set, because it wins over --config and the
 * args.yaml of --resume wherever they stand in it. */
#include "cli/train_options.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/getopt_error.h"
#include "cli/help.h"
#include "run/files/library.h"
#include "run/settings/settings_table.h"
#include "run/settings/settings_yaml.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 160 };

/* What the command line said, in its order. */
struct given {
    struct {
        const struct setting *item;
        const char *value;
    } * list;
    int n;
};

/* NULL if the option was not given; of several the last one counts. */
static const char *given_value(const struct given *g, const char *name)
{
    const char *value = NULL;

    for (int i = 0; i < g->n; i++)
        if (strcmp(g->list[i].item->name, name) == 0)
            value = g->list[i].value;
    return value;
}

static void build_lists(struct option *list, char *letters, const struct setting *table, int n)
{
    *letters++ = ':'; /* a missing value is told apart from an unknown option */
    *letters++ = 'h';
    *letters++ = 'V';
    for (int i = 0; i < n; i++) {
        bool flag = table[i].type == SETTING_FLAG;
        list[i] = (struct option){table[i].name, flag ? optional_argument : required_argument, NULL,
                                  GETOPT_ERROR_FIRST_LONG + i};
        if (table[i].letter) {
            *letters++ = table[i].letter;
            if (!flag)
                *letters++ = ':';
        }
    }
    *letters = '\0';
    list[n] = (struct option){"help", no_argument, NULL, GETOPT_ERROR_FIRST_LONG + n};
    list[n + 1] = (struct option){"version", no_argument, NULL, GETOPT_ERROR_FIRST_LONG + n + 1};
    list[n + 2] = (struct option){0};
}

static const struct setting *find_letter(const struct setting *table, int n, int letter)
{
    for (int i = 0; i < n; i++)
        if (table[i].letter == letter)
            return &table[i];
    return NULL;
}

static enum status read_command_line(struct train_options *out, struct given *g, int argc,
                                     char **argv, struct error *err)
{
    int n;
    const struct setting *table = settings_table(&n);
    struct option list[MOST_OPTIONS + 3];
    char letters[3 * MOST_OPTIONS];

    build_lists(list, letters, table, n);
    opterr = 0;
    optind = 0; /* GNU: start afresh */
    for (;;) {
        int code = getopt_long(argc, argv, letters, list, NULL);
        if (code == -1)
            break;
        if (code == '?' || code == ':')
            return getopt_error(code, argv, "atk-train", settings_table_suggest, err);
        int row = code - GETOPT_ERROR_FIRST_LONG;
        bool help = code == 'h' || row == n, version = code == 'V' || row == n + 1;
        out->help = out->help || help;
        out->version = out->version || version;
        if (help || version)
            continue;
        g->list[g->n].item = row >= 0 ? &table[row] : find_letter(table, n, code);
        g->list[g->n++].value = optarg ? optarg : "true";
    }
    if (argc - optind > 1)
        return error_usage(err, "one DATA.csv was expected, and \"%s\" is a second argument",
                           argv[optind + 1]);
    if (argc - optind == 1) {
        if (given_value(g, "data"))
            return error_usage(err, "--data and the argument \"%s\" exclude each other",
                               argv[optind]);
        g->list[g->n].item = settings_table_find("data");
        g->list[g->n++].value = argv[optind];
    }
    return STATUS_OK;
}

static enum status apply(struct settings *s, const struct given *g, struct error *err)
{
    char where[64];
    enum status status = STATUS_OK;

    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; status == STATUS_OK && i < g->n; i++) {
            const struct setting *item = g->list[i].item;
            if (item->leads != (pass == 0))
                continue;
            snprintf(where, sizeof where, "--%s", item->name);
            status = settings_set(s, item, g->list[i].value, where, err);
        }
    }
    return status;
}

/* --val replaces a split, so one who asks for a split on the command line does not want the --val
 * of a file. */
static enum status choose_validation(struct settings *s, const struct given *g, struct error *err)
{
    if (!given_value(g, "val-split"))
        return STATUS_OK;
    if (given_value(g, "val"))
        return error_usage(err, "--val and --val-split exclude each other");
    free(s->val);
    s->val = NULL;
    return STATUS_OK;
}

static enum status read_run_settings(struct settings *s, const char *run, struct error *err)
{
    char *path = NULL;

    if (!files_exist(run))
        return error_set(err, "--resume: there is no run folder %s", run);
    if (files_join(&path, run, "args.yaml", err) != STATUS_OK)
        return err->status;
    enum status status = settings_yaml_read(s, path, err);
    if (status != STATUS_OK)
        error_prefix(err, "--resume");
    free(path);
    return status;
}

/* "data" is no value yet: the session finds the numbers again, and the state refuses others. */
static bool is_found_later(const struct settings *s, const struct setting *item)
{
    return item->type == SETTING_RGB &&
           ((const struct setting_rgb *)((const char *)s + item->offset))->from_data;
}

/* Whatever decides the result must be what it was; naming it again with the same value is fine. */
static enum status compare_with_run(const struct settings *s, const struct settings *run,
                                    struct error *err)
{
    int n;
    const struct setting *table = settings_table(&n);
    char now_buffer[SETTINGS_TEXT_BYTES], then_buffer[SETTINGS_TEXT_BYTES], laid_out[64];
    const char *schedule = settings_epochs_schedule(run);

    snprintf(laid_out, sizeof laid_out, "its --%s is laid out over that many",
             schedule ? schedule : "");
    for (int i = 0; i < n; i++) {
        if (!settings_is_fixed(run, &table[i]) || is_found_later(s, &table[i]) ||
            settings_are_equal(s, run, &table[i]))
            continue;
        const char *now = settings_text(s, &table[i], now_buffer);
        const char *then = settings_text(run, &table[i], then_buffer);
        return error_usage(err, "--%s is %s in the run that --resume continues, not %s: %s",
                           table[i].name, then ? then : "not set", now ? now : "unset",
                           table[i].use == SETTING_FIXED ? "it would be another run" : laid_out);
    }
    return STATUS_OK;
}

static enum status read_config(struct settings *s, const char *what, struct error *err)
{
    char *path;
    enum status status = library_find(&path, LIBRARY_CONFIGS, what, err);

    if (status == STATUS_OK)
        status = settings_yaml_read(s, path, err);
    free(path);
    return status;
}

/* *run is freed by the caller in any case. */
static enum status resolve(struct settings *s, struct settings *run, const struct given *g,
                           struct error *err)
{
    const char *resume = given_value(g, "resume"), *config = given_value(g, "config");

    if (settings_init(s, err) != STATUS_OK)
        return err->status;
    if (resume &&
        (read_run_settings(s, resume, err) != STATUS_OK || settings_init(run, err) != STATUS_OK ||
         read_run_settings(run, resume, err) != STATUS_OK))
        return err->status;
    if (config && read_config(s, config, err) != STATUS_OK)
        return err->status;
    if (apply(s, g, err) != STATUS_OK || choose_validation(s, g, err) != STATUS_OK ||
        settings_check(s, err) != STATUS_OK)
        return err->status;
    return resume ? compare_with_run(s, run, err) : STATUS_OK;
}

enum status train_options_parse(struct train_options *out, int argc, char **argv, struct error *err)
{
    struct given given = {0};
    struct settings run = {0};

    *out = (struct train_options){0};
    size_t most = 1; /* "-qqq" is three options: no more than there are bytes */
    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]) + 1;
    given.list = memory_array(most, sizeof *given.list, "command line", err);
    if (!given.list)
        return err->status;
    enum status status = read_command_line(out, &given, argc, argv, err);
    if (status == STATUS_OK && !out->help && !out->version)
        status = resolve(&out->set, &run, &given, err);
    settings_free(&run);
    free(given.list);
    return status;
}

void train_options_free(struct train_options *o)
{
    settings_free(&o->set);
    *o = (struct train_options){0};
}

void train_options_help(FILE *stream)
{
    int n;
    const struct setting *table = settings_table(&n);

    fputs("Usage: atk-train [OPTION...] DATA.csv\n"
          "  or:  atk-train --resume=DIR\n"
          "Train a residual network on labelled images with the average top-k loss.\n\n"
          "DATA.csv has a header line and one row for each image: its path and its label,\n"
          "a number or a name. Every option is also a key of the YAML file that --config\n"
          "reads; relative paths, in such a file too, begin at the working directory.\n",
          stream);
    for (int i = 0; i < n; i++) {
        const struct setting *item = &table[i];
        if (i == 0 || item->group != table[i - 1].group)
            fprintf(stream, "\n%s:\n", item->group);
        help_put_row(stream, &(struct help_row){
                                 .name = item->name,
                                 .letter = item->letter,
                                 .argument = item->argument,
                                 .text = item->help,
                                 .initial = item->type == SETTING_FLAG ? NULL : item->initial,
                             });
    }
    help_put_row(stream, &(struct help_row){.name = "help", .letter = 'h', .text = "print this"});
    help_put_row(stream,
                 &(struct help_row){.name = "version", .letter = 'V', .text = "print the version"});
    fputs("\nExit status: 0; 1 for data and files; 2 for usage; 130 and 143 when SIGINT or\n"
          "SIGTERM has ended the run, whose state is saved then: --resume goes on with it.\n",
          stream);
}
