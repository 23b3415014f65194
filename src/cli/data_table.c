#include "cli/data_table.h"

#include "base/files.h"
#include "base/relative_path.h"
#include "cli/report.h"
#include "data/data_check.h"

#include <stdlib.h>

static enum status load(struct data_table *t, const char *path, const struct data_options *o,
                        struct error *err)
{
    struct class_list names = {0};
    if (o->names && class_list_read(&names, o->names, err) != STATUS_OK)
        return err->status;
    const struct dataset_options options = {
        .images = o->set.images,
        .image_column = o->set.image_column,
        .label_column = o->set.label_column,
        .header = !o->set.no_header,
        .delimiter = o->set.delimiter,
        .classes = o->names ? &names : NULL,
        .labels_are_numbers = o->names ? true : false,
        .first_number = o->first_number,
        .follows_links = true,
        .keeps_table = true,
    };
    enum status status = dataset_load(&t->data, path, &options, err);
    class_list_free(&names);
    return status;
}

/* What paths from the table's folder begin with in the folder of --out. */
static enum status find_prefix(char **out, const char *path, const struct data_options *o,
                               struct error *err)
{
    char *from = NULL, *to = NULL;
    enum status status = files_directory(&from, o->out, err);
    if (status == STATUS_OK)
        status = files_directory(&to, path, err);
    if (status == STATUS_OK)
        status = relative_path_find(out, from, to, err);
    free(from);
    free(to);
    return status;
}

static enum status warn(const struct data_table *t, const struct data_options *o, struct error *err)
{
    struct findings findings = {0};
    struct console console;
    enum status status = data_check_table(&findings, t->data, o->names ? true : false, err);
    console_open(&console, o->program, true);
    if (status == STATUS_OK)
        report_findings(&console, &findings);
    findings_free(&findings);
    return status;
}

enum status data_table_open(struct data_table *out, const char *path, const struct data_options *o,
                            struct error *err)
{
    *out = (struct data_table){0};
    if (load(out, path, o, err) != STATUS_OK)
        return err->status;
    if (!o->keep_paths && !o->set.images && find_prefix(&out->prefix, path, o, err) != STATUS_OK)
        return err->status;
    out->copy = (struct table_copy){.data = out->data,
                                    .prefix = out->prefix ? out->prefix : "",
                                    .names_labels = o->names ? true : false};
    return warn(out, o, err);
}

void data_table_close(struct data_table *t)
{
    dataset_destroy(t->data);
    free(t->prefix);
    *t = (struct data_table){0};
}
