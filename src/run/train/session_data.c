/* session_load's first half: tables, classes, split. */
#include "run/train/session_data.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/split.h"
#include "run/train/class_weights.h"
#include "run/train/session_bad.h"

#include <stdlib.h>

static enum status load_table(struct dataset **out, const char *path,
                              const struct class_list *classes, const struct session *session,
                              struct error *err)
{
    const struct settings *s = session->settings;
    const struct dataset_options options = {
        .images = s->images,
        .image_column = s->image_column,
        .label_column = s->label_column,
        .header = !s->no_header,
        .delimiter = s->delimiter,
        .classes = classes,
        .labels_are_numbers = session->labels.are_numbers,
        .first_number = session->labels.first_number,
    };

    return dataset_load(out, path, &options, err);
}

static enum status load_training_table(struct session *s, struct error *err)
{
    struct class_list given = {0};
    const char *path = s->settings->classes;
    enum status status = path ? class_list_read(&given, path, err) : STATUS_OK;

    if (status == STATUS_OK)
        status = load_table(&s->data, s->settings->data, path ? &given : NULL, s, err);
    if (status != STATUS_OK && s->settings->resume && !files_exist(s->settings->data))
        error_prefix(err, "--resume: the data of the run has moved (--data FILE, and --val and "
                          "--images where they are needed, say where it is)");
    class_list_free(&given);
    return status;
}

static enum status take_all_rows(struct session_rows *rows, const struct dataset *data,
                                 struct error *err)
{
    int n = dataset_size(data);
    int *row = memory_array((size_t)n, sizeof *row, "rows", err);

    if (!row)
        return err->status;
    *rows = (struct session_rows){.data = data, .row = row, .n = n};
    for (int i = 0; i < n; i++)
        rows->row[i] = i;
    return STATUS_OK;
}

static enum status use_validation_table(struct session *s, struct error *err)
{
    if (load_table(&s->val_data, s->settings->val, dataset_classes(s->data), s, err) != STATUS_OK ||
        take_all_rows(&s->train, s->data, err) != STATUS_OK ||
        take_all_rows(&s->val, s->val_data, err) != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

static enum status use_split(struct session *s, struct error *err)
{
    struct split split = {0};
    enum status status =
        split_make(&split, s->data, s->settings->val_split, (uint64_t)s->settings->seed, err);

    if (status != STATUS_OK)
        return status;
    s->train = (struct session_rows){.data = s->data, .row = split.train, .n = split.n_train};
    s->val = (struct session_rows){
        .data = split.n_val > 0 ? s->data : NULL, .row = split.val, .n = split.n_val};
    if (s->settings->val_split > 0) {
        s->n_singletons = split.singletons;
        s->n_unvalidated = split.unvalidated;
    }
    return STATUS_OK; /* the session owns the split's arrays now */
}

static enum status count_classes(struct session_rows *rows, int n_classes, struct error *err)
{
    int *count = memory_array((size_t)n_classes, sizeof *count, "class counts", err);

    if (!count)
        return err->status;
    free(rows->count);
    rows->count = count;
    for (int i = 0; i < rows->n; i++)
        rows->count[dataset_sample(rows->data, rows->row[i])->label]++;
    return STATUS_OK;
}

enum status session_data_count(struct session *s, struct error *err)
{
    int n = dataset_classes(s->data)->n;

    if (count_classes(&s->train, n, err) != STATUS_OK ||
        count_classes(&s->val, n, err) != STATUS_OK)
        return err->status;
    free(s->class_weight);
    return class_weights_find(&s->class_weight, s->settings->class_weights,
                              dataset_classes(s->data), s->train.count, err);
}

enum status session_data_load(struct session *s, struct error *err)
{
    enum status status = load_training_table(s, err);

    if (status == STATUS_OK)
        status = s->settings->val ? use_validation_table(s, err) : use_split(s, err);
    if (status == STATUS_OK && s->settings->resume)
        status = session_bad_leave_again(s, err);
    return status == STATUS_OK ? session_data_count(s, err) : status;
}
