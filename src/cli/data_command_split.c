#include "cli/data_command.h"
#include "cli/data_rewrite.h"
#include "data/folds.h"
#include "data/split.h"

#include <stdlib.h>

static const struct data_option options[] = {
    {"test", 0, "F", "share of each class for the test table", "0.3"},
    {"folds", 0, "N",
     "cross-validation: N pairs PREFIX_fold1_train.csv, PREFIX_fold1_test.csv, ..., each image in "
     "one of the tests",
     NULL},
    {.name = "seed", .text = "of the draw"},
    {"out", 0, "PREFIX", "existing files are not overwritten", NULL},
    DATA_OPTIONS_OF_COPIES,
    DATA_OPTIONS_OF_TABLES,
    DATA_OPTION_HELP,
};

/* ---- one test table ---- */

/* The rows of both tables, and how many images the test has. */
static int write_split(const struct data_outputs *out, const struct data_table *t,
                       const struct split *split)
{
    int n_images = 0, next_test = 0, n_test_images = 0;
    for (int i = 0; i < out->n; i++)
        table_copy_header(&t->copy, out->writer[i].stream);
    for (int i = 0; i < dataset_size(t->data); i++) {
        bool tests = next_test < split->n_val && split->val[next_test] == i;
        bool is_new = dataset_sample(t->data, i)->identity == n_images;
        next_test += tests;
        n_images += is_new;
        n_test_images += is_new && tests;
        table_copy_row(&t->copy, out->writer[tests].stream, i, NULL);
    }
    return n_test_images;
}

static enum status split(struct data_outputs *out, const struct data_table *t,
                         const struct data_options *o, struct error *err)
{
    struct split split;
    if (split_make_test(&split, t->data, o->test, (uint64_t)o->set.seed, err) != STATUS_OK)
        return err->status;
    int n_test = 0, n = dataset_images(t->data);
    enum status status = data_outputs_open(out, err);
    if (status == STATUS_OK) {
        n_test = write_split(out, t, &split);
        status = data_outputs_commit(out, err);
    }
    if (status == STATUS_OK)
        data_options_say(o, "%d images of %d classes: %d to train, %d to test", n,
                         dataset_classes(t->data)->n, n - n_test, n_test);
    free(split.train);
    free(split.val);
    return status;
}

/* ---- folds ---- */

static void write_folds(const struct data_outputs *out, const struct data_table *t,
                        const struct folds *folds)
{
    for (int i = 0; i < out->n; i++)
        table_copy_header(&t->copy, out->writer[i].stream);
    for (int i = 0; i < dataset_size(t->data); i++) {
        int tested = folds->of_image[dataset_sample(t->data, i)->identity];
        for (int f = 0; f < folds->n; f++)
            table_copy_row(&t->copy, out->writer[2 * f + (f == tested)].stream, i, NULL);
    }
}

static void say_folds(const struct data_table *t, const struct folds *folds,
                      const struct data_options *o)
{
    const int most = folds->test_count[0], fewest = folds->test_count[folds->n - 1];
    char range[32];
    if (fewest < most)
        snprintf(range, sizeof range, "%d or %d", fewest, most);
    else
        snprintf(range, sizeof range, "%d", most);
    data_options_say(o, "%d images of %d classes in %d folds: %s to test in each",
                     dataset_images(t->data), dataset_classes(t->data)->n, folds->n, range);
    if (folds->n_always > 0)
        data_options_say(o,
                         "%d image%s in every fold and in no test: the only one of a class (%d), "
                         "or with rows that disagree about the class (%d)",
                         folds->n_always, folds->n_always == 1 ? " trains" : "s train",
                         folds->singletons, folds->n_always - folds->singletons);
}

static enum status split_folds(struct data_outputs *out, const struct data_table *t,
                               const struct data_options *o, struct error *err)
{
    struct folds folds;
    if (folds_make(&folds, t->data, o->folds, (uint64_t)o->set.seed, err) != STATUS_OK)
        return err->status;
    enum status status = data_outputs_open(out, err);
    if (status == STATUS_OK) {
        write_folds(out, t, &folds);
        status = data_outputs_commit(out, err);
    }
    if (status == STATUS_OK)
        say_folds(t, &folds, o);
    folds_free(&folds);
    return status;
}

/* ---- both ---- */

static enum status name_outputs(struct data_outputs *out, const struct data_options *o,
                                struct error *err)
{
    static const char *const side[] = {"train", "test"};
    int n = o->folds > 0 ? o->folds : 1;
    if (data_outputs_create(out, 2 * n, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < 2 * n; i++) {
        char ending[64];
        if (o->folds > 0)
            snprintf(ending, sizeof ending, "_fold%d_%s.csv", i / 2 + 1, side[i % 2]);
        else
            snprintf(ending, sizeof ending, "_%s.csv", side[i]);
        if (data_outputs_name(out, i, o->out, ending, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status run(struct data_options *o, struct error *err)
{
    if (o->folds > 0 && o->test_is_given)
        return error_usage(err, "--test and --folds exclude each other");
    return data_rewrite(o, name_outputs, o->folds > 0 ? split_folds : split, err);
}

const struct data_command data_command_split = {
    .name = "split",
    .program = "atk-data split",
    .arguments = "[OPTION...] --out PREFIX TABLE",
    .summary = "a table to train on and one to test with, or folds of both",
    .description =
        "Write PREFIX_train.csv and PREFIX_test.csv, which share the rows of TABLE: a\n"
        "random draw for each seed, the same share of each class.\n\n"
        "Of each class round(F x images) go to the test table, at least one and not all;\n"
        "the only image of a class trains. All rows of an image stay together, however\n"
        "its path is spelled, and one whose rows disagree about its label trains. Rows\n"
        "keep their order, columns and quoting; relative paths are made to fit the\n"
        "folder of PREFIX. Rows of empty fields are left out.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
