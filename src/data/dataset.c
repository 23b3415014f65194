/* Loading goes in passes over the table: find the columns, take each row's path and label text,
 * then settle what labels and images are the same. Texts become numbers by hash tables. */
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
    struct string_index identities; /* the identities; sample.identity is a number in it */
    struct dataset_notes notes;
    char *unknown_label; /* notes.first_unknown_label */
    struct dataset_table table;
    bool has_table;
};

/* The working state of dataset_load. */
struct loading {
    const struct dataset_options *opt;
    struct csv_table table;
    size_t first_row;               /* of the data */
    int image_column, label_column; /* label_column -1: there is none */
    size_t *row;                    /* [rows] those of the samples; NULL: the table is not kept */
    char *images;                   /* root of relative paths */
    struct labels labels;
};

static enum status create_empty(struct dataset **out, const char *csv_path, size_t n,
                                struct error *err)
{
    *out = NULL;
    if (n > INT_MAX)
        return error_set(err, "%s: %zu rows, more than %d", csv_path, n, INT_MAX);
    struct dataset *d = memory_array(1, sizeof *d, "a data set", err);
    if (!d)
        return err->status;
    d->csv_path = memory_string(csv_path, err);
    d->sample = d->csv_path ? memory_array(n, sizeof *d->sample, "the data set's rows", err) : NULL;
    if (!d->sample) {
        dataset_destroy(d);
        return err->status;
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
    if (files_join(&s->path, root, name, err) != STATUS_OK)
        return err->status;
    d->n++;
    s->image = s->path + strlen(s->path) - strlen(name); /* files_join ends with the name */
    s->label = -1;
    s->line = line;
    return STATUS_OK;
}

/* Row i shows the image that row `first` does. */
static void note_repeated(struct dataset *d, int i, int first)
{
    const struct sample *s = &d->sample[i];
    bool same = s->label == d->sample[first].label;
    int *count = same ? &d->notes.repeated_images : &d->notes.conflicting_images;
    int *line = same ? &d->notes.first_repeated_line : &d->notes.first_conflicting_line;
    if ((*count)++ == 0)
        *line = s->line;
}

/* first [rows] becomes the first row of each image. */
static enum status number_rows(struct dataset *d, struct identity *identity, int *first,
                               struct error *err)
{
    for (int i = 0; i < d->n; i++) {
        struct sample *s = &d->sample[i];
        const char *name;
        int known = d->identities.n;
        if (identity_resolve(identity, &name, s->path, err) != STATUS_OK ||
            string_index_add(&d->identities, &s->identity, name, err) != STATUS_OK)
            return err->status;
        if (s->identity == known)
            first[known] = i;
        else
            note_repeated(d, i, first[s->identity]);
    }
    return STATUS_OK;
}

/* Numbers the images and counts rows that repeat one. */
static enum status number_images(struct dataset *d, bool follows_links, struct error *err)
{
    struct identity identity = {.follows_links = follows_links};
    int *first = memory_array((size_t)d->n, sizeof *first, "row numbers", err);
    if (!first)
        return err->status;
    enum status status = number_rows(d, &identity, first, err);
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
    if (columns_find(&l->image_column, header, l->opt->image_column, false, path, err) !=
            STATUS_OK ||
        columns_find(&l->label_column, header, l->opt->label_column, l->opt->labels_optional, path,
                     err) != STATUS_OK)
        return err->status;
    if (l->table.n_rows == 1)
        return error_set(err, "%s: no rows after the header", path);
    return STATUS_OK;
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

static bool is_empty(const struct csv_row *row)
{
    for (int i = 0; i < row->n_fields; i++)
        if (row->field[i][strspn(row->field[i], " \t")])
            return false;
    return true;
}

static enum status note_unknown(struct dataset *d, const char *label, int line, struct error *err)
{
    if (d->notes.unknown_labels++ > 0)
        return STATUS_OK;
    d->unknown_label = memory_string(label, err);
    d->notes.first_unknown_label = d->unknown_label;
    d->notes.first_unknown_line = line;
    return d->unknown_label ? STATUS_OK : err->status;
}

static enum status take_row(struct dataset *d, struct loading *l, const struct csv_row *row,
                            struct error *err)
{
    const char *path = d->csv_path;
    if (check_fields(l, row, path, err) != STATUS_OK)
        return err->status;
    const char *image = row->field[l->image_column];
    if (!*image)
        return error_set(err, "%s:%d: the image path is empty", path, row->line);
    const char *label = take_label(l, row);
    int *number = &d->sample[d->n].label;
    if (l->row)
        l->row[d->n] = (size_t)(row - l->table.row);
    if (append(d, l->images, image, row->line, err) != STATUS_OK ||
        labels_add(&l->labels, number, label, path, row->line, err) != STATUS_OK)
        return err->status;
    return *number < 0 && *label ? note_unknown(d, label, row->line, err) : STATUS_OK;
}

static enum status take_rows(struct dataset *d, struct loading *l, struct error *err)
{
    for (size_t i = l->first_row; i < l->table.n_rows; i++) {
        const struct csv_row *row = &l->table.row[i];
        if (!is_empty(row)) {
            if (take_row(d, l, row, err) != STATUS_OK)
                return err->status;
        } else if (d->notes.empty_rows++ == 0) {
            d->notes.first_empty_line = row->line;
        }
    }
    if (d->n == 0)
        return error_set(err, "%s: no rows but of empty fields", d->csv_path);
    return STATUS_OK;
}

static enum status find_images(struct loading *l, const char *csv_path, struct error *err)
{
    if (!l->opt->images)
        return files_directory(&l->images, csv_path, err);
    l->images = memory_string(l->opt->images, err);
    return l->images ? STATUS_OK : err->status;
}

static enum status begin_labels(struct loading *l, struct error *err)
{
    const struct dataset_options *opt = l->opt;
    if (opt->labels_are_numbers)
        return labels_begin_numbers(&l->labels, opt->classes, opt->first_number, err);
    return labels_begin(&l->labels, opt->classes, opt->labels_optional, err);
}

static enum status read_table(struct loading *l, const char *csv_path, struct error *err)
{
    const char delimiter = l->opt->delimiter;
    if (files_is_directory(csv_path))
        return error_usage(err,
                           "%s is a folder: atk-data from-folders makes a table of the images in "
                           "the folders of a folder",
                           csv_path);
    if (!l->opt->keeps_table)
        return csv_table_read(&l->table, csv_path, delimiter, err);
    if (csv_table_read_raw(&l->table, csv_path, delimiter, err) != STATUS_OK)
        return err->status;
    l->row = memory_array(l->table.n_rows, sizeof *l->row, "row numbers", err);
    return l->row ? STATUS_OK : err->status;
}

static void keep_table(struct dataset *d, struct loading *l)
{
    d->table = (struct dataset_table){.csv = l->table,
                                      .first_row = l->first_row,
                                      .image_column = l->image_column,
                                      .label_column = l->label_column,
                                      .delimiter = l->opt->delimiter,
                                      .row = l->row};
    d->has_table = true;
    l->table = (struct csv_table){0};
    l->row = NULL;
}

static enum status load(struct dataset **out, struct loading *l, const char *csv_path,
                        struct error *err)
{
    if (read_table(l, csv_path, err) != STATUS_OK || find_columns(l, csv_path, err) != STATUS_OK ||
        find_images(l, csv_path, err) != STATUS_OK || begin_labels(l, err) != STATUS_OK ||
        create_empty(out, csv_path, l->table.n_rows - l->first_row, err) != STATUS_OK)
        return err->status;
    struct dataset *d = *out;
    if (take_rows(d, l, err) != STATUS_OK ||
        labels_settle(&l->labels, &d->classes, d->sample, d->n, csv_path, err) != STATUS_OK)
        return err->status;
    if (l->opt->keeps_table)
        keep_table(d, l);
    return number_images(d, l->opt->follows_links, err);
}

enum status dataset_load(struct dataset **out, const char *csv_path,
                         const struct dataset_options *opt, struct error *err)
{
    struct loading l = {.opt = opt};
    *out = NULL;
    enum status status = load(out, &l, csv_path, err);
    if (status != STATUS_OK) {
        dataset_destroy(*out);
        *out = NULL;
    }
    csv_table_free(&l.table);
    free(l.row);
    free(l.images);
    labels_free(&l.labels);
    return status;
}

static enum status take_paths(struct dataset *d, char *const *paths, int n, struct error *err)
{
    for (int i = 0; i < n; i++)
        if (append(d, "", paths[i], 0, err) != STATUS_OK)
            return err->status;
    return number_images(d, false, err);
}

enum status dataset_from_images(struct dataset **out, char *const *paths, int n, struct error *err)
{
    if (create_empty(out, "", (size_t)n, err) != STATUS_OK)
        return err->status;
    if (take_paths(*out, paths, n, err) != STATUS_OK) {
        dataset_destroy(*out);
        *out = NULL;
        return err->status;
    }
    return STATUS_OK;
}

void dataset_destroy(struct dataset *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->n; i++)
        free(d->sample[i].path);
    free(d->sample);
    class_list_free(&d->classes);
    string_index_free(&d->identities);
    free(d->unknown_label);
    csv_table_free(&d->table.csv);
    free(d->table.row);
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

int dataset_images(const struct dataset *d)
{
    return d->identities.n;
}

const struct class_list *dataset_classes(const struct dataset *d)
{
    return &d->classes;
}

const struct dataset_notes *dataset_notes(const struct dataset *d)
{
    return &d->notes;
}

const struct dataset_table *dataset_table(const struct dataset *d)
{
    return d->has_table ? &d->table : NULL;
}

const char *dataset_path(const struct dataset *d)
{
    return d->csv_path;
}

int dataset_count_shared(const struct dataset *a, const struct dataset *b, int *first_line_in_b)
{
    int shared = 0, first_line = 0;
    for (int i = 0; i < b->n; i++) {
        const char *identity = string_index_get(&b->identities, b->sample[i].identity);
        if (string_index_find(&a->identities, identity) < 0)
            continue;
        if (shared++ == 0)
            first_line = b->sample[i].line;
    }
    if (first_line_in_b)
        *first_line_in_b = first_line;
    return shared;
}

bool dataset_same_image(const struct dataset *a, int row_a, const struct dataset *b, int row_b)
{
    int image_a = a->sample[row_a].identity, image_b = b->sample[row_b].identity;
    if (a == b)
        return image_a == image_b;
    return strcmp(string_index_get(&a->identities, image_a),
                  string_index_get(&b->identities, image_b)) == 0;
}
