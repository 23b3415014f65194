/* atk-report: pages of runs that are there already. What a page holds is made in run/page. */
#include "base/memory.h"
#include "base/suggest.h"
#include "cli/getopt_error.h"
#include "cli/help.h"
#include "cli/program_end.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "run/page/compare_page.h"
#include "run/page/run_page.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *name;
    char letter;
    const char *argument, *help;
} table[] = {
    {"out", 'o', "FILE",
     "where the page that compares runs goes (default: report.html in SWEEP, or comparison.html "
     "here for several RUNs)"},
    {"quiet", 'q', NULL, "print warnings and errors only"},
    {"help", 'h', NULL, "print this and exit"},
    {"version", 'V', NULL, "print the version and exit"},
};
enum { N_ROWS = sizeof table / sizeof table[0] };

struct options {
    const char *out;
    bool quiet, help, version;
    char **folder;
    int n;
};

static void print_help(FILE *stream)
{
    fputs("Usage: atk-report [OPTION...] RUN\n"
          "  or:  atk-report [OPTION...] RUN RUN...\n"
          "  or:  atk-report [OPTION...] SWEEP\n"
          "Write the pages of runs anew, from the files in their folders.\n\n"
          "RUN is a run folder of atk-train, which has written RUN/report.html already,\n"
          "unless with --no-report: curves, confusion matrix, precision and recall,\n"
          "calibration, the hardest images. Neither the network nor the photos are needed.\n"
          "Of several runs, or the folder of a sweep, there is a page besides that compares\n"
          "them. A page is one file that any browser opens and that can be mailed.\n\n",
          stream);
    for (int i = 0; i < N_ROWS; i++)
        help_put_row(stream, &(struct help_row){.name = table[i].name,
                                                .letter = table[i].letter,
                                                .argument = table[i].argument,
                                                .text = table[i].help});
    fputs("\nExit status: 0; 1 for files; 2 for usage; 130 and 143 when interrupted.\n", stream);
}

static const char *suggest(const char *word)
{
    const char *name[N_ROWS];

    for (int i = 0; i < N_ROWS; i++)
        name[i] = table[i].name;
    return suggest_nearest(word, name, N_ROWS);
}

static enum status parse(struct options *out, int argc, char **argv, struct error *err)
{
    struct option list[N_ROWS + 1] = {0};

    for (int i = 0; i < N_ROWS; i++)
        list[i] =
            (struct option){table[i].name, table[i].argument ? required_argument : no_argument,
                            NULL, GETOPT_ERROR_FIRST_LONG + i};
    opterr = 0;
    for (int code = 0; code != -1;) {
        code = getopt_long(argc, argv, ":o:qhV", list, NULL);
        if (code == '?' || code == ':')
            return getopt_error(code, argv, "atk-report", suggest, err);
        int letter =
            code >= GETOPT_ERROR_FIRST_LONG ? table[code - GETOPT_ERROR_FIRST_LONG].letter : code;
        out->out = letter == 'o' ? optarg : out->out;
        out->quiet = out->quiet || letter == 'q';
        out->help = out->help || letter == 'h';
        out->version = out->version || letter == 'V';
    }
    out->folder = argv + optind;
    out->n = argc - optind;
    if (!out->help && !out->version && out->n == 0)
        return error_usage(err, "no run folder given; usage: atk-report [OPTION...] RUN...");
    return STATUS_OK;
}

static void tell(const struct options *o, const char *path)
{
    if (!o->quiet)
        printf("%s\n", path);
}

static enum status write_run(const struct options *o, const char *folder, struct error *err)
{
    if (run_page_write(folder, err) != STATUS_OK)
        return err->status;
    if (!o->quiet)
        printf("%s/report.html\n", folder);
    return STATUS_OK;
}

static enum status write_comparison(const struct options *o, const struct compare_runs *runs,
                                    struct error *err)
{
    const char *path = o->out ? o->out : runs->page;

    if (compare_page_write(path, runs, err) == STATUS_OK)
        tell(o, path);
    return err->status;
}

static enum status write_pages(const struct options *o, const struct compare_runs *runs,
                               struct error *err)
{
    err->status = STATUS_OK;
    if (runs->n == 1 && !runs->is_sweep && o->out)
        return error_usage(err, "--out is for a page that compares runs, and there is one run");
    for (int i = 0; i < runs->n && stop_signal == 0; i++)
        if (write_run(o, runs->folder[i], err) != STATUS_OK)
            return err->status;
    if (stop_signal != 0 || (runs->n == 1 && !runs->is_sweep))
        return STATUS_OK;
    return write_comparison(o, runs, err);
}

static enum status run(int argc, char **argv, struct error *err)
{
    struct options o = {0};
    struct compare_runs runs;

    if (parse(&o, argc, argv, err) != STATUS_OK)
        return err->status;
    if (o.help) {
        print_help(stdout);
    } else if (o.version) {
        printf("atk-report %s\n", version_text());
    } else {
        enum status status = compare_runs_find(&runs, o.folder, o.n, err);
        if (status == STATUS_OK)
            status = write_pages(&o, &runs, err);
        compare_runs_free(&runs);
        if (status != STATUS_OK)
            return status;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return error_errno(err, "standard output: cannot write");
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct error err = {0};

    (void)standard_streams_open();
    memory_start();
    stop_signal_catch();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further: an error of the write */
    enum status status = run(argc, argv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "atk-report: %s\n", err.message);
    return program_end(stop_signal != 0 ? 128 + stop_signal : (int)status);
}
