/* atk-data: tables of images and labels, read as atk-train reads them. Each command is a file of
 * its own (cli/data_command.h). */
#include "base/memory.h"
#include "base/suggest.h"
#include "cli/data_command.h"
#include "cli/program_end.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/version.h"

#include <stdio.h>
#include <string.h>

static const struct data_command *const commands[] = {
    &data_command_folders, &data_command_check, &data_command_split,
    &data_command_names,   &data_command_flip,  &data_command_precision,
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *stream)
{
    fputs("Usage: atk-data COMMAND [ARGUMENT...]\n"
          "Tables of images and labels for atk-train: made, split, changed, looked at.\n\n",
          stream);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\natk-data COMMAND --help says more of each; --version prints the version.\n", stream);
}

static enum status find_command(const struct data_command **out, const char *name,
                                struct error *err)
{
    const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i]->name;
        *out = commands[i];
        if (strcmp(names[i], name) == 0)
            return STATUS_OK;
    }
    const char *meant = suggest_nearest(name, names, N_COMMANDS);
    if (meant)
        return error_usage(err, "unknown command \"%s\"; did you mean %s?", name, meant);
    return error_usage(err, "unknown command \"%s\"; see atk-data --help", name);
}

static bool has_output; /* standard output was open when the program began */

static enum status run_command(const struct data_command *command, int argc, char **argv,
                               struct error *err)
{
    struct data_options options;
    enum status status = data_options_parse(&options, command, argc, argv, err);
    options.has_output = has_output;
    if (status == STATUS_OK && options.help)
        data_options_help(stdout, command);
    else if (status == STATUS_OK)
        status = command->run(&options, err);
    data_options_free(&options);
    return status;
}

static enum status run(const char **program, int argc, char **argv, struct error *err)
{
    const struct data_command *command;
    if (argc < 2)
        return error_usage(err, "no command given; see atk-data --help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
    } else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("atk-data %s\n", version_text());
    } else {
        if (find_command(&command, argv[1], err) != STATUS_OK)
            return err->status;
        *program = command->program;
        if (run_command(command, argc - 1, argv + 1, err) != STATUS_OK)
            return err->status;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return error_errno(err, "standard output: cannot write");
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    const char *program = "atk-data";
    struct error err = {0};

    has_output = standard_streams_open();
    memory_start();
    stop_signal_may_end("atk-data: interrupted\n"); /* until data_outputs_open */
    stop_signal_catch();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further: an error of the write */
    enum status status = run(&program, argc, argv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "%s: %s\n", program, err.message);
    return program_end(stop_signal != 0 ? 128 + stop_signal : (int)status);
}
