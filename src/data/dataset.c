/* Loading goes in passes over the table: find the columns, take each row's path and label text,
 * then settle what labels and pictures are the same. Texts become numbers by hash tables. */
#include "data/dataset.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/columns.h"
#include "data/identity.h"
#include "data/labels.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct dataset {
    char *csv_path;
    struct sample *sample; /* [n] */
    int n;
    struct class_list classes;
    struct string_index pictures; /* the identities; sample.picture is a number in it */
    struct dataset_notes notes;
};

/* What dataset_load needs besides the result. */
struct loading {
    const struct dataset_options *opt;
    struct csv_table table;
    size_t first_row;               /* of the data */
    int image_column, label_column; /* label_column -1: there is none */
    char *images;                   /* root of relative paths */
    struct labels labels;
};

static enum status create_empty(struct dataset **out, const char *csv_path, size_t n,
                                struct error *err)
{
    struct dataset *d;
    *out = NULL;
    if (n > INT_MAX)
        return error_set(err, "%s: %zu rows, more than %d", csv_path, n, INT_MAX);
    enum status status = memory_alloc((void **)&d, 1, sizeof *d, "a data set", err);
    if (status)
        return status;
    status = memory_copy_string(&d->csv_path, csv_path, err);
    if (!status)
        status =
            memory_alloc((void **)&d->sample, n, sizeof *d->sample, "the data set's rows", err);
    if (status) {
        dataset_destroy(d);
        return status;
    }
    *out = d;
    return STATUS_OK;
}

/* Appends a sample without a label; `image` is written `name` and found under `root`. There must be
 * room. */
static enum status append(struct dataset *d, const char *root, const char *name, int line,
                          struct error *err)
{
    struct sample *s = &d->sample[d->n];
    enum status status = files_join(&s->path, root, name, err);
    if (status)
        return status;
    d->n++;
    s->image = s->path + strlen(s->path) - strlen(name); /* files_join ends with the name */
    s->label = -1;
    s->line = line;
    return STATUS_OK;
}

/* Numbers the pictures and counts rows that repeat one. */
static enum status number_pictures(struct dataset *d, struct error *err)
{
    struct identity identity = {0};
    int *first = NULL; /* [pictures] first row of each */
    enum status status =
        memory_alloc((void **)&first, (size_t)d->n, sizeof(int), "row numbers", err);
    for (int i = 0; !status && i < d->n; i++) {
        struct sample *s = &d->sample[i];
        const char *name = NULL;
        int known = d->pictures.n;
        status = identity_resolve(&identity, &name, s->path, err);
        if (!status)
            status = string_index_add(&d->pictures, &s->picture, name, err);
        if (status)
            break;
        if (s->picture == known) {
            first[known] = i;
            continue;
        }
        bool same = s->label == d->sample[first[s->picture]].label;
        int *count = same ? &d->notes.repeated_images : &d->notes.conflicting_images;
        int *line = same ? &d->notes.first_repeated_line : &d->notes.first_conflicting_line;
        if ((*count)++ == 0)
            *line = s->line;
    }
    free(first);
    identity_free(&identity);
    return status;
}

static enum status find_columns(struct loading *l, const char *path, struct error *err)
{
    const struct csv_row *header = l->table.row;
    if (l->table.n_rows == 0)
        return error_set(err, "%s: the file is empty; expected rows of image and label", path);
    if (!l->opt->header) {
        l->image_column = 0;
        l->label_column = 1;
        return STATUS_OK;
    }
    l->first_row = 1;
    enum status status =
        columns_find(&l->image_column, header, l->opt->image_column, false, path, err);
    if (!status)
        status = columns_find(&l->label_column, header, l->opt->label_column,
                              l->opt->labels_optional, path, err);
    if (!status && l->table.n_rows == 1)
        status = error_set(err, "%s: no rows after the header", path);
    return status;
}

/* A comma that should have been quoted moves all that follows by one column: better to stop. */
static enum status check_fields(const struct loading *l, const struct csv_row *row,
                                const char *path, struct error *err)
{
    int needed = (l->image_column > l->label_column ? l->image_column : l->label_column) + 1;
    if (l->opt->labels_optional)
        needed = l->image_column + 1;
    if (row->n_fields < needed)
        return error_set(err, "%s:%d: %d field%s, expected at least %d (delimiter '%c')", path,
                         row->line, row->n_fields, row->n_fields == 1 ? "" : "s", needed,
                         l->opt->delimiter);
    int named = l->opt->header ? l->table.row[0].n_fields : row->n_fields;
    for (int i = named; i < row->n_fields; i++)
        if (row->field[i][0])
            return error_set(err,
                             "%s:%d: %d fields, but the header has %d; a field that holds '%c' "
                             "must be quoted",
                             path, row->line, row->n_fields, named, l->opt->delimiter);
    return STATUS_OK;
}

/* The row's label, trimmed in place; "" if there is none. */
static const char *take_label(const struct loading *l, const struct csv_row *row)
{
    if (l->label_column < 0 || l->label_column >= row->n_fields)
        return "";
    char *text = row->field[l->label_column];
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static enum status take_rows(struct dataset *d, struct loading *l, struct error *err)
{
    const char *path = d->csv_path;
    for (size_t i = l->first_row; i < l->table.n_rows; i++) {
        const struct csv_row *row = &l->table.row[i];
        enum status status = check_fields(l, row, path, err);
        if (status)
            return status;
        const char *image = row->field[l->image_column];
        if (!*image)
            return error_set(err, "%s:%d: the image path is empty", path, row->line);
        status = append(d, l->images, image, row->line, err);
        if (!status)
            status = labels_add(&l->labels, &d->sample[d->n - 1].label, take_label(l, row), path,
                                row->line, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status load(struct dataset **out, struct loading *l, const char *csv_path,
                        struct error *err)
{
    enum status status = csv_table_read(&l->table, csv_path, l->opt->delimiter, err);
    if (!status)
        status = find_columns(l, csv_path, err);
    if (!status)
        status = l->opt->images ? memory_copy_string(&l->images, l->opt->images, err)
                                : files_directory(&l->images, csv_path, err);
    if (!status)
        status = labels_begin(&l->labels, l->opt->classes, l->opt->labels_optional, err);
    if (!status)
        status = create_empty(out, csv_path, l->table.n_rows - l->first_row, err);
    if (!status)
        status = take_rows(*out, l, err);
    if (!status)
        status =
            labels_settle(&l->labels, &(*out)->classes, (*out)->sample, (*out)->n, csv_path, err);
    if (!status)
        status = number_pictures(*out, err);
    return status;
}

enum status dataset_load(struct dataset **out, const char *csv_path,
                         const struct dataset_options *opt, struct error *err)
{
    struct loading l = {.opt = opt};
    *out = NULL;
    enum status status = load(out, &l, csv_path, err);
    if (status) {
        dataset_destroy(*out);
        *out = NULL;
    }
    csv_table_free(&l.table);
    free(l.images);
    labels_free(&l.labels);
    return status;
}

enum status dataset_from_images(struct dataset **out, char *const *paths, int n, struct error *err)
{
    enum status status = create_empty(out, "", (size_t)n, err);
    for (int i = 0; !status && i < n; i++)
        status = append(*out, "", paths[i], 0, err);
    if (!status)
        status = number_pictures(*out, err);
    if (status) {
        dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

void dataset_destroy(struct dataset *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->n; i++)
        free(d->sample[i].path);
    free(d->sample);
    class_list_free(&d->classes);
    string_index_free(&d->pictures);
    free(d->csv_path);
    free(d);
}

int dataset_size(const struct dataset *d)
{
    return d->n;
}

const struct sample *dataset_sample(const struct dataset *d, int index)
{
    return &d->sample[index];
}

int dataset_pictures(const struct dataset *d)
{
    return d->pictures.n;
}

const struct class_list *dataset_classes(const struct dataset *d)
{
    return &d->classes;
}

const struct dataset_notes *dataset_notes(const struct dataset *d)
{
    return &d->notes;
}

const char *dataset_path(const struct dataset *d)
{
    return d->csv_path;
}

int dataset_count_shared(const struct dataset *a, const struct dataset *b, int *first_line_in_b)
{
    int shared = 0, first_line = 0;
    for (int i = 0; i < b->n; i++) {
        const char *identity = string_index_get(&b->pictures, b->sample[i].picture);
        if (string_index_find(&a->pictures, identity) < 0)
            continue;
        if (shared++ == 0)
            first_line = b->sample[i].line;
    }
    if (first_line_in_b)
        *first_line_in_b = first_line;
    return shared;
}
