#include "run/train/session_bad.h"

#include "base/files.h"
#include "base/memory.h"
#include "io/csv.h"
#include "run/files/table_file.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "image,file,line,reason,table,when";
enum { COLUMN_IMAGE, COLUMN_LINE = 2, COLUMN_REASON, COLUMN_TABLE, COLUMN_WHEN, N_COLUMNS };
static const char before[] = "before training", during[] = "during training";

enum { KNOWN_LISTED = 1, KNOWN_TOLD = 2 };

enum status session_bad_add(struct session *s, const struct dataset *data, int row,
                            const char *message, struct error *err)
{
    struct session_bad_image *bad = memory_grown(s->bad, &s->bad_capacity, s->n_bad + 1,
                                                 sizeof *bad, "list of bad images", err);
    if (!bad)
        return err->status;
    s->bad = bad;
    char *copy = memory_string(message, err);
    if (!copy)
        return err->status;
    s->bad[s->n_bad++] = (struct session_bad_image){.data = data, .row = row, .message = copy};
    return STATUS_OK;
}

static void drop_rows(struct session_rows *rows, const unsigned char *is_bad)
{
    int kept = 0;
    for (int i = 0; i < rows->n; i++)
        if (!is_bad[rows->row[i]])
            rows->row[kept++] = rows->row[i];
    rows->n = kept;
}

static enum status drop_side(struct session *s, struct session_rows *rows, struct error *err)
{
    if (!rows->data)
        return STATUS_OK;
    unsigned char *is_bad =
        memory_array((size_t)dataset_size(rows->data), sizeof *is_bad, "bad rows", err);
    if (!is_bad)
        return err->status;
    for (size_t i = 0; i < s->n_bad; i++)
        if (s->bad[i].data == rows->data)
            is_bad[s->bad[i].row] = 1;
    drop_rows(rows, is_bad);
    free(is_bad);
    return STATUS_OK;
}

enum status session_bad_drop(struct session *s, struct error *err)
{
    if (drop_side(s, &s->train, err) != STATUS_OK || drop_side(s, &s->val, err) != STATUS_OK)
        return err->status;
    if (s->val.n == 0)
        s->val.data = NULL;
    return STATUS_OK;
}

/* ---- bad_images.csv ---- */

static void put_row(FILE *stream, const struct session *s, const struct session_bad_image *bad,
                    const char *when)
{
    const struct sample *sample = dataset_sample(bad->data, bad->row);
    csv_put_field(stream, sample->image);
    fputc(',', stream);
    csv_put_field(stream, dataset_path(bad->data));
    fprintf(stream, ",%d,", sample->line);
    csv_put_field(stream, bad->message);
    fprintf(stream, ",%s,%s", bad->data == s->data ? "data" : "val", when);
}

enum status session_bad_write(const struct session *s, const char *path, struct error *err)
{
    struct files_writer w;
    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    fprintf(w.stream, "%s\n", header);
    for (size_t i = 0; i < s->n_bad; i++) {
        put_row(w.stream, s, &s->bad[i], before);
        fputc('\n', w.stream);
    }
    return files_commit(&w, err);
}

/* The row that begins on a line, or -1. Rows are in the order of their lines. */
static int row_of_line(const struct dataset *data, int line)
{
    int low = 0, high = dataset_size(data);
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (dataset_sample(data, middle)->line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low < dataset_size(data) && dataset_sample(data, low)->line == line ? low : -1;
}

static unsigned char *known_rows(struct session *s, const struct dataset *data, struct error *err)
{
    unsigned char **known = data == s->data ? &s->known_bad : &s->known_bad_val;
    if (!*known)
        *known = memory_array((size_t)dataset_size(data), sizeof **known, "bad rows", err);
    return *known;
}

static enum status take_row(struct session *s, const struct csv_row *row, const char *path,
                            struct error *err)
{
    if (row->n_fields != N_COLUMNS)
        return error_set(err, "%s:%d: %d fields instead of %d", path, row->line, row->n_fields,
                         N_COLUMNS);
    bool is_val = strcmp(row->field[COLUMN_TABLE], "val") == 0;
    const struct dataset *data = is_val && s->val_data ? s->val_data : s->data;
    int place = row_of_line(data, atoi(row->field[COLUMN_LINE]));
    if (place < 0 || strcmp(dataset_sample(data, place)->image, row->field[COLUMN_IMAGE]) != 0)
        return error_set(err, "%s:%d: line %s of %s is no longer that of \"%s\"", path, row->line,
                         row->field[COLUMN_LINE], dataset_path(data), row->field[COLUMN_IMAGE]);
    unsigned char *known = known_rows(s, data, err);
    if (!known)
        return err->status;
    known[place] = KNOWN_LISTED;
    return strcmp(row->field[COLUMN_WHEN], before) == 0
               ? session_bad_add(s, data, place, row->field[COLUMN_REASON], err)
               : STATUS_OK;
}

static enum status take_list(struct session *s, const char *path, struct error *err)
{
    struct csv_table table = {0};
    enum status status = csv_table_read(&table, path, ',', err);
    for (size_t i = 1; status == STATUS_OK && i < table.n_rows; i++)
        status = take_row(s, &table.row[i], path, err);
    csv_table_free(&table);
    return status == STATUS_OK ? session_bad_drop(s, err) : status;
}

enum status session_bad_leave_again(struct session *s, struct error *err)
{
    char *path = NULL;
    if (files_join(&path, s->settings->resume, "bad_images.csv", err) != STATUS_OK)
        return err->status;
    enum status status = files_exist(path) ? take_list(s, path, err) : STATUS_OK;
    free(path);
    return status;
}

/* ---- while training ---- */

static enum status append(const struct session *s, const struct session_bad_image *bad,
                          struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_BAD_IMAGES);
    struct table_file table;
    bool is_new = !files_exist(path);
    enum status status = table_file_open(&table, path, is_new, err);
    if (status == STATUS_OK)
        status = table_file_begin(&table, err);
    if (status == STATUS_OK) {
        if (is_new)
            fprintf(table.stream, "%s\n", header);
        put_row(table.stream, s, bad, during);
        status = table_file_end(&table, err);
    }
    table_file_close(&table);
    return status;
}

/* Nothing here may end the run: what cannot be listed is told all the same. */
static void note_late(struct session *s, const struct dataset *data, int row, const char *message)
{
    struct error ignored;
    unsigned char *known = known_rows(s, data, &ignored);
    const struct session_bad_image bad = {.data = data, .row = row, .message = (char *)message};
    if (known && known[row] & KNOWN_TOLD)
        return;
    if (s->folder && !(known && known[row] & KNOWN_LISTED))
        (void)append(s, &bad, &ignored);
    if (known)
        known[row] = KNOWN_LISTED | KNOWN_TOLD;
    s->n_late++;
    if (s->tell_late)
        s->tell_late(s->tell_late_context, &bad);
}

static void note_late_training(void *context, int row, const char *message)
{
    struct session *s = context;
    note_late(s, s->data, row, message);
}

static void note_late_validation(void *context, int row, const char *message)
{
    struct session *s = context;
    note_late(s, s->val.data, row, message);
}

void session_bad_watch(struct session *s, const struct dataset *data, struct loader_options *opt)
{
    if (s->settings->on_bad_image != BAD_IMAGE_SKIP)
        return;
    opt->bad = data == s->data ? note_late_training : note_late_validation;
    opt->bad_context = s;
}

void session_bad_free(struct session *s)
{
    for (size_t i = 0; i < s->n_bad; i++)
        free(s->bad[i].message);
    free(s->bad);
    free(s->known_bad);
    free(s->known_bad_val);
}
