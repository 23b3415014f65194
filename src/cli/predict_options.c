/* One table: getopt_long's list and --help are made from it. */
#include "cli/predict_options.h"

#include "base/files.h"
#include "base/number.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cli/getopt_error.h"
#include "cli/help.h"
#include "data/image_folders.h"

#include <getopt.h>
#include <limits.h>
#include <math.h>
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
    {"top", 0, "N",
     "columns for the N best classes of each image (predicted_2, probability_2, ...) in place of "
     "one for each class"},
    {"json-lines", 0, NULL,
     "write a JSON object on a line for each image in place of the CSV table, its classes best "
     "first"},
    {"cam", 0, "DIR",
     "write a class activation map for each image, DIR/000001-NAME.png: the resized image, and "
     "over it, from blue to red, how much each place adds to the predicted class. For one MODEL"},
    {"reject-below", 0, "P",
     "leave predicted empty where the probability is below P, and say so in a column: rejected"},
    {"evaluate", 0, NULL,
     "also print 95 % intervals of accuracy, balanced accuracy and macro F1 (bootstrap, by "
     "--seed), "
     "and coverage against accuracy; needs labels"},
    {"calibrate", 0, "TABLE",
     "classify nothing; find the temperature of the probabilities by the labelled images of TABLE, "
     "which MODEL was not trained on, and write it into MODEL's weights file"},
    {"list", 0, "FILE", "also classify the paths in FILE, one on each line (-: standard input)"},
    {"null", '0', NULL,
     "in lists paths end with a zero byte, as find -print0 writes them, not with a line"},
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
    {"seed", 0, NULL, "of the draws of --evaluate; same seed, same intervals"},
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

static enum status take_top(int *top, const char *value, struct error *err)
{
    double number;
    if (!number_parse(&number, value) || number < 1 || number > INT_MAX || number != floor(number))
        return error_usage(err, "--top: \"%s\" is not an integer in 1..%d", value, INT_MAX);
    *top = (int)number;
    return STATUS_OK;
}

static enum status take_reject_below(double *limit, const char *value, struct error *err)
{
    if (!number_parse(limit, value) || !(*limit > 0 && *limit <= 1))
        return error_usage(err, "--reject-below: \"%s\" is not a number above 0, at most 1", value);
    return STATUS_OK;
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
    } else if (strcmp(row->name, "top") == 0) {
        return take_top(&out->top, value, err);
    } else if (strcmp(row->name, "reject-below") == 0) {
        return take_reject_below(&out->reject_below, value, err);
    } else if (strcmp(row->name, "evaluate") == 0) {
        out->evaluate = true;
    } else if (strcmp(row->name, "calibrate") == 0) {
        out->calibrate = (char *)value; /* of argv; data points to it */
    } else if (strcmp(row->name, "json-lines") == 0) {
        out->json_lines = true;
    } else if (strcmp(row->name, "cam") == 0) {
        out->cam = value;
    } else if (strcmp(row->name, "list") == 0) {
        out->list = value;
    } else if (strcmp(row->name, "null") == 0) {
        out->zero_ends = true;
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

/* A run folder, or a weights file by its name. */
static enum status is_network(bool *is, const char *path, struct error *err)
{
    static const char *const file[] = {"args.yaml", "best.safetensors", "last.safetensors"};
    *is = text_ends_in(path, ".safetensors") && !files_is_directory(path);
    for (int i = 0; files_is_directory(path) && !*is && i < 3; i++) {
        char *inside;
        if (files_join(&inside, path, file[i], err) != STATUS_OK)
            return err->status;
        *is = files_exist(inside);
        free(inside);
    }
    return STATUS_OK;
}

/* The table takes the place of data. */
static enum status take_calibrate(struct predict_options *o, struct error *err)
{
    const struct {
        bool is_given;
        const char *what;
    } other[] = {
        {o->n_data > 0, "images to classify"},
        {o->n_models > 1, "several networks"},
        {o->set.out, "--out"},
        {o->confusion_matrix, "--confusion-matrix"},
        {o->top > 0, "--top"},
        {o->json_lines, "--json-lines"},
        {o->cam, "--cam"},
        {o->list, "--list"},
        {o->evaluate, "--evaluate"},
        {o->reject_below > 0, "--reject-below"},
    };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (other[i].is_given)
            return error_usage(err,
                               "--calibrate writes a temperature and nothing else: not with %s",
                               other[i].what);
    if (!predict_options_is_table(o->calibrate))
        return error_usage(err, "--calibrate: %s is no table of images", o->calibrate);
    o->data = &o->calibrate;
    o->n_data = 1;
    return STATUS_OK;
}

/* Networks stand in front; the first argument is one whatever it looks like. */
static enum status split_arguments(struct predict_options *o, char *const *argument, int n,
                                   struct error *err)
{
    o->models = o->data = argument;
    for (int i = 0; i < n; i++) {
        bool is = i == 0;
        if (!is && is_network(&is, argument[i], err) != STATUS_OK)
            return err->status;
        if (is && o->n_data > 0)
            return error_usage(err, "%s is a network; networks stand before what they classify",
                               argument[i]);
        if (is)
            o->n_models++;
        else if (o->n_data++ == 0)
            o->data = argument + i;
    }
    if (o->calibrate && o->n_models > 0)
        return take_calibrate(o, err);
    if (o->n_models == 0 || (o->n_data == 0 && !o->list))
        return error_usage(err,
                           "%s; usage: atk-predict [OPTION...] MODEL... DATA.csv|FOLDER|IMAGE...",
                           o->n_models == 0 ? "no model given" : "no table or images given");
    return STATUS_OK;
}

static enum status check(const struct predict_options *o, struct error *err)
{
    int n_inputs = o->list && strcmp(o->list, "-") == 0;
    for (int i = 0; i < o->n_data; i++)
        n_inputs += strcmp(o->data[i], "-") == 0;
    if (n_inputs > 1)
        return error_usage(err, "standard input (-) can be read once only");
    if (o->zero_ends && n_inputs == 0 && !o->list)
        return error_usage(err, "-0 is about lists: it needs - or --list FILE");
    if (o->cam && o->n_models > 1)
        return error_usage(err, "--cam shows what one network looked at; %d are given",
                           o->n_models);
    if (o->set.json && !o->set.out && !o->calibrate)
        return error_usage(err, "--json needs --out FILE: standard output carries the table");
    return STATUS_OK;
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
    if (split_arguments(out, argv + optind, argc - optind, err) != STATUS_OK)
        return err->status;
    if (out->set.out && files_is_standard_output(out->set.out)) {
        free(out->set.out);
        out->set.out = NULL;
    }
    return check(out, err);
}

void predict_options_free(struct predict_options *o)
{
    settings_free(&o->set);
    *o = (struct predict_options){0};
}

/* No kind of image does: each has a zero or another control character early on. */
static bool begins_with_text(const char *path)
{
    unsigned char bytes[256];
    size_t n = files_peek(path, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        if (bytes[i] == 127 || (bytes[i] < ' ' && !strchr("\t\n\r", bytes[i])) || bytes[i] == 0)
            return false;
    return n > 0;
}

bool predict_options_is_table(const char *path)
{
    size_t length = strlen(path);
    if (length >= 4 && strcasecmp(path + length - 4, ".csv") == 0)
        return true;
    return !image_folders_is_image(path) && begins_with_text(path);
}

void predict_options_help(FILE *stream)
{
    fputs("Usage: atk-predict [OPTION...] MODEL... DATA.csv|FOLDER|IMAGE|-...\n"
          "Classify images with a network that atk-train has trained, or with several whose\n"
          "probabilities are averaged (folds, seeds).\n\n"
          "MODEL is a run folder (its best.safetensors, or last.safetensors when there was\n"
          "no validation) or a weights file. The first argument is one, and so is each\n"
          "argument behind it that ends in .safetensors or is a folder with args.yaml,\n"
          "best.safetensors or last.safetensors in it. Networks stand in front of what they\n"
          "classify and have the same classes.\n\n"
          "DATA.csv: what ends in .csv, or is text, is a table of images. FOLDER: all\n"
          "images in it and further down, sorted by the bytes of their paths. - is a list\n"
          "on standard input: a table, folder or image on each line. What else there is is\n"
          "an image: JPEG, PNG, WebP, GIF, TIFF or BMP.\n\n"
          "The result is a CSV table: image,predicted,probability and one column of\n"
          "probabilities for each class; a pipe gets its rows after each batch. Where\n"
          "tables have labels, accuracy, mean cross-entropy, recall, precision and F1 of\n"
          "each class, the confusion matrix and the expected calibration error are printed:\n"
          "to standard error, or to standard output with --out. Labels are matched to the\n"
          "model's classes by name.\n\n",
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
