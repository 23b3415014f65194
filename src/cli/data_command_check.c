#include "cli/check_images.h"
#include "cli/data_command.h"
#include "cli/report.h"
#include "cli/stop_signal.h"
#include "run/train/session.h"
#include "run/train/session_findings.h"

static const struct data_option options[] = {
    {.name = "images"},
    DATA_OPTIONS_OF_TABLES,
    {.name = "val"},
    {.name = "val-split"},
    {.name = "seed", .text = "of the split"},
    {.name = "classes"},
    DATA_OPTIONS_OF_NAMES,
    {.name = "size", .text = "images are looked at as they are when resized to N x N"},
    {.name = "resize"},
    {.name = "exif"},
    {.name = "max-pixels"},
    {.name = "on-bad-image", .text = "an image that cannot be read: exit with 1, or only say so"},
    {.name = "threads", .text = "threads that decode; 0: the processors that the program may use"},
    {.name = "quiet"},
    {.name = "json",
     .text = "last line of standard output: one JSON object with what is odd about the data"},
    DATA_OPTION_HELP,
};

static bool is_given(const struct data_options *o, const char *name)
{
    return settings_given(&o->set, settings_table_find(name));
}

/* The settings of a dry run over this table. */
static enum status prepare(struct data_options *o, struct error *err)
{
    const char *path;
    if (data_options_table(&path, o, err) != STATUS_OK)
        return err->status;
    if (is_given(o, "val") && is_given(o, "val-split"))
        return error_usage(err, "--val and --val-split exclude each other");
    if (o->names && o->set.classes)
        return error_usage(err, "--names and --classes exclude each other");
    if (o->set.json && !o->has_output)
        return error_usage(err, "--json: standard output is closed");
    o->set.dry_run = true;
    if (settings_set(&o->set, settings_table_find("data"), path, "TABLE", err) != STATUS_OK ||
        (o->names && settings_set(&o->set, settings_table_find("classes"), o->names, "--names",
                                  err) != STATUS_OK))
        return err->status;
    return settings_check(&o->set, err);
}

static enum status check(struct console *c, struct session *s, const struct data_options *o,
                         struct error *err)
{
    const struct session_labels labels = {.are_numbers = o->names ? true : false,
                                          .first_number = o->first_number};
    if (session_load_data(s, &o->set, &labels, err) != STATUS_OK ||
        check_images(c, s, err) != STATUS_OK)
        return err->status;
    if (stop_signal)
        return error_set(err, "interrupted");
    report_data(c, s, true);
    report_bad_images(c, s, true);
    if (o->set.json && session_findings_write(stdout, s, err) != STATUS_OK)
        return err->status;
    console_flush(c);
    if (s->n_bad > 0 && o->set.on_bad_image == BAD_IMAGE_FAIL)
        return error_set(err, "%zu of %d images cannot be read", s->n_bad,
                         s->train.n + s->val.n + (int)s->n_bad);
    return c->write_error ? error_set(err, "not everything could be printed") : STATUS_OK;
}

static enum status run(struct data_options *o, struct error *err)
{
    struct console console;
    struct session session = {0};
    if (prepare(o, err) != STATUS_OK)
        return err->status;
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of the next write */
    console_open(&console, o->program, o->set.quiet);
    enum status status = check(&console, &session, o, err);
    session_close(&session);
    return status;
}

const struct data_command data_command_check = {
    .name = "check",
    .program = "atk-data check",
    .arguments = "[OPTION...] TABLE",
    .summary = "what is odd about a table and its images",
    .description =
        "Read TABLE as atk-train does, split it as atk-train would with the same options,\n"
        "decode every image, and say what is odd: images that cannot be read, copies on\n"
        "both sides of the split or with two labels, labels in two spellings, small\n"
        "classes, images of one colour, ... It is what atk-train --dry-run says of the\n"
        "data; no network is needed, and nothing is written.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
