#include "base/number.h"
#include "cli/data_command.h"
#include "data/flip_ranking.h"

#include <stdlib.h>
#include <string.h>

static const struct data_option options[] = {DATA_OPTION_HELP};

enum { MOST_N = 999999999 };

static enum status parse_n(int *out, const char *text, struct error *err)
{
    double number;
    if (text[strspn(text, "0123456789")] != '\0' || !number_parse(&number, text) || number < 1 ||
        number > MOST_N)
        return error_usage(err, "N: \"%s\" is not an integer in 1..%d", text, MOST_N);
    *out = (int)number;
    return STATUS_OK;
}

static void put_row(const struct flip_ranking *r, int n)
{
    const double hits = r->found[r->n];
    if (n > r->n)
        return;
    printf("%d,%d,%.4f,%.4f,%.4f\n", n, r->found[n], (double)r->found[n] / n, r->found[n] / hits,
           hits / r->n);
}

static void put_table(const struct flip_ranking *r, char *const *wanted, int n_wanted)
{
    const int standard[] = {r->found[r->n], 10, 20, 50, 100};
    struct error ignored; /* they have been parsed before */
    int n;
    puts("n,flipped,precision,recall,chance");
    for (int i = 0; i < n_wanted; i++)
        if (parse_n(&n, wanted[i], &ignored) == STATUS_OK)
            put_row(r, n);
    for (size_t i = 0; n_wanted == 0 && i < sizeof standard / sizeof *standard; i++)
        put_row(r, standard[i]);
}

static enum status run(struct data_options *o, struct error *err)
{
    struct flip_ranking ranking;
    int n;
    if (o->n_arguments < 2)
        return error_usage(err, "two tables were expected; see %s --help", o->program);
    for (int i = 2; i < o->n_arguments; i++)
        if (parse_n(&n, o->argument[i], err) != STATUS_OK)
            return err->status;
    if (!o->has_output)
        return error_usage(err, "standard output is closed");
    if (flip_ranking_read(&ranking, o->argument[0], o->argument[1], err) != STATUS_OK)
        return err->status;
    put_table(&ranking, o->argument + 2, o->n_arguments - 2);
    free(ranking.found);
    return STATUS_OK;
}

const struct data_command data_command_precision = {
    .name = "precision",
    .program = "atk-data precision",
    .arguments = "FLIPPED.csv hard_examples.csv [N...]",
    .summary = "how many wrong labels are at the top of a list of hard examples",
    .description =
        "How many of the images of FLIPPED.csv (the list of atk-data flip-labels) are\n"
        "among the first N of hard_examples.csv (the list in the run folder of a training\n"
        "on those labels, the hardest first). As CSV to standard output, a row for each N\n"
        "(default: the number of flipped images that trained, and 10, 20, 50 and 100), as\n"
        "far as the list goes:\n\n"
        "  n          how many images from the top\n"
        "  flipped    how many of them have a wrong label\n"
        "  precision  flipped / n\n"
        "  recall     flipped / all flipped images that are in the list\n"
        "  chance     the precision of a list in random order\n\n"
        "Both are matched by the column image. A flipped image that was kept for\n"
        "validation is in no list, and is not counted.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
