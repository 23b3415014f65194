#include "cli/data_command.h"
#include "cli/data_rewrite.h"

static const struct data_option options[] = {
    {"out", 0, "PREFIX", "an existing file is not overwritten", NULL},
    DATA_OPTIONS_OF_COPIES,
    DATA_OPTIONS_OF_TABLES,
    DATA_OPTION_HELP,
};

static enum status write_table(struct data_outputs *out, const struct data_table *t,
                               const struct data_options *o, struct error *err)
{
    if (data_outputs_open(out, err) != STATUS_OK)
        return err->status;
    FILE *stream = out->writer[0].stream;
    table_copy_header(&t->copy, stream);
    for (int i = 0; i < dataset_size(t->data); i++)
        table_copy_row(&t->copy, stream, i, NULL);
    if (data_outputs_commit(out, err) != STATUS_OK)
        return err->status;
    data_options_say(o, "%d rows; --classes %s keeps the classes in the order of their numbers",
                     dataset_size(t->data), o->names);
    return STATUS_OK;
}

static enum status name_output(struct data_outputs *out, const struct data_options *o,
                               struct error *err)
{
    if (!o->names)
        return error_usage(err, "--names FILE is missing; see %s --help", o->program);
    if (data_outputs_create(out, 1, err) != STATUS_OK)
        return err->status;
    return data_outputs_name(out, 0, o->out, ".csv", err);
}

static enum status run(struct data_options *o, struct error *err)
{
    return data_rewrite(o, name_output, write_table, err);
}

const struct data_command data_command_names = {
    .name = "name-labels",
    .program = "atk-data name-labels",
    .arguments = "[OPTION...] --names FILE --out PREFIX TABLE",
    .summary = "labels that are numbers, replaced by names",
    .description =
        "Write PREFIX.csv: TABLE, whose labels are numbers, with the names of the classes\n"
        "in their place. FILE has a name a line; the first one's number is 0 unless\n"
        "--first-number says otherwise. Rows keep their order, columns and quoting;\n"
        "relative paths are made to fit the folder of PREFIX. Rows of empty fields are\n"
        "left out.\n\n"
        "atk-train numbers classes by the order of their names; with --classes FILE it\n"
        "keeps the order of FILE, and so the numbers.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
