/* One table: getopt_long's list and --help are made from it. */
#include "cli/export_options.h"

#include "base/suggest.h"
#include "cli/getopt_error.h"
#include "cli/help.h"

#include <getopt.h>
#include <string.h>

enum { INPUT, FOLD_NORM, QUIET, HELP, VERSION, N_ROWS };
static const struct help_row table[N_ROWS] = {
    [INPUT] = {"input", 0, "TYPE",
               "float: the values 0 to 255 as float32; uint8: as bytes, which the graph casts",
               "float"},
    [FOLD_NORM] =
        {"fold-norm", 0, NULL,
         "fold each BatchNorm into the convolution in front of it, which then has a bias: "
         "fewer nodes, the same function",
         NULL},
    [QUIET] = {"quiet", 'q', NULL, "print errors only", NULL},
    [HELP] = {"help", 'h', NULL, "print this and exit", NULL},
    [VERSION] = {"version", 'V', NULL, "print the version and exit", NULL},
};

static const char *suggest(const char *word)
{
    const char *name[N_ROWS];
    for (int i = 0; i < N_ROWS; i++)
        name[i] = table[i].name;
    return suggest_nearest(word, name, N_ROWS);
}

static enum status take(struct export_options_set *out, int row, const char *value,
                        struct error *err)
{
    switch (row) {
    case INPUT:
        out->graph.uint8_input = strcmp(value, "uint8") == 0;
        if (!out->graph.uint8_input && strcmp(value, "float") != 0)
            return error_usage(err, "--input: \"%s\" is neither float nor uint8", value);
        break;
    case FOLD_NORM:
        out->graph.folds_norm = true;
        break;
    case QUIET:
        out->quiet = true;
        break;
    case HELP:
        out->help = true;
        break;
    default:
        out->version = true;
    }
    return STATUS_OK;
}

static int row_of_letter(int letter)
{
    int row = 0;
    while (table[row].letter != letter)
        row++;
    return row;
}

static enum status parse_options(struct export_options_set *out, int argc, char **argv,
                                 struct error *err)
{
    struct option list[N_ROWS + 1] = {0};
    for (int i = 0; i < N_ROWS; i++)
        list[i] =
            (struct option){table[i].name, table[i].argument ? required_argument : no_argument,
                            NULL, GETOPT_ERROR_FIRST_LONG + i};
    opterr = 0;
    optind = 0; /* GNU: start afresh */
    for (;;) {
        int code = getopt_long(argc, argv, ":qhV", list, NULL);
        if (code == -1)
            return STATUS_OK;
        if (code == '?' || code == ':')
            return getopt_error(code, argv, "atk-export", suggest, err);
        int row =
            code >= GETOPT_ERROR_FIRST_LONG ? code - GETOPT_ERROR_FIRST_LONG : row_of_letter(code);
        if (take(out, row, optarg, err) != STATUS_OK)
            return err->status;
    }
}

enum status export_options_parse(struct export_options_set *out, int argc, char **argv,
                                 struct error *err)
{
    *out = (struct export_options_set){0};
    if (parse_options(out, argc, argv, err) != STATUS_OK)
        return err->status;
    if (out->help || out->version)
        return STATUS_OK;
    int n = argc - optind;
    if (n != 2)
        return error_usage(err, "%s; usage: atk-export [OPTION...] MODEL FILE.onnx",
                           n < 1   ? "no model given"
                           : n < 2 ? "no file to write given"
                                   : "more than a model and a file given");
    out->model = argv[optind];
    out->out = argv[optind + 1];
    return STATUS_OK;
}

void export_options_help(FILE *stream)
{
    fputs("Usage: atk-export [OPTION...] MODEL FILE.onnx\n"
          "Write a network that atk-train has trained as an ONNX file.\n\n"
          "MODEL is a run folder (its best.safetensors, or last.safetensors when there was\n"
          "no validation) or a weights file. FILE.onnx is written whole or not at all; -\n"
          "is standard output.\n\n"
          "The graph (opset 10) has an input image [N, 3, size, size], RGB values of 0 to\n"
          "255, for any N, and an output probabilities [N, classes]: mean, std, temperature\n"
          "and softmax are inside. The metadata says how an image becomes the input: size,\n"
          "resize, crop_fraction, interpolation and exif; and classes, one a line, in the\n"
          "order of the probabilities.\n\n",
          stream);
    for (int i = 0; i < N_ROWS; i++)
        help_put_row(stream, &table[i]);
    fputs("\nExit status: 0; 1 for data, files and a build without ONNX; 2 for usage; 130 and\n"
          "143 when interrupted.\n",
          stream);
}
