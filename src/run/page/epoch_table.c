/* batches.csv may have a million rows of numbers, so it is read line by line and not as a table. */
#include "run/page/epoch_table.h"

#include "base/files.h"
#include "base/memory.h"
#include "run/page/page_table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const epoch_table_name[EPOCH_N_FIGURES] = {
    [EPOCH_TRAIN_LOSS] = "train_loss",
    [EPOCH_TRAIN_MEAN_LOSS] = "train_mean_loss",
    [EPOCH_TRAIN_ACCURACY] = "train_accuracy",
    [EPOCH_VAL_MEAN_LOSS] = "val_mean_loss",
    [EPOCH_VAL_LOSS] = "val_loss",
    [EPOCH_VAL_ACCURACY] = "val_accuracy",
    [EPOCH_VAL_BALANCED_ACCURACY] = "val_balanced_accuracy",
    [EPOCH_VAL_MACRO_F1] = "val_macro_f1",
    [EPOCH_LEARNING_RATE] = "learning_rate",
    [EPOCH_SELECTED] = "selected",
    [EPOCH_SECONDS] = "seconds",
    [EPOCH_THRESHOLD] = "threshold",
};

/* ---- results.csv ---- */

static enum status read_row(struct epoch_row *out, const struct page_table *t, int row,
                            const int column[EPOCH_N_FIGURES], int epoch_column, struct error *err)
{
    double epoch;

    if (page_table_number(&epoch, t, row, epoch_column, err) != STATUS_OK)
        return err->status;
    if (!(epoch >= 1 && epoch <= 1e9 && epoch == floor(epoch)))
        return error_set(err, "%s:%d: epoch \"%s\" is not a whole number from 1 on", t->path,
                         t->csv.row[row + 1].line, page_table_text(t, row, epoch_column));
    out->epoch = (int)epoch;
    for (int f = 0; f < EPOCH_N_FIGURES; f++) {
        out->figure[f] = NAN;
        if (column[f] >= 0 &&
            page_table_number(&out->figure[f], t, row, column[f], err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status read_class_shares(struct epoch_table *out, const struct page_table *t,
                                     int selected, struct error *err)
{
    bool has = selected >= 0 && selected + out->classes < page_table_columns(t) && t->n_rows > 0;

    for (int c = 0; c < out->classes; c++) {
        out->class_selected[c] = NAN;
        if (has && page_table_number(&out->class_selected[c], t, t->n_rows - 1, selected + 1 + c,
                                     err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status read_rows(struct epoch_table *out, const struct page_table *t, struct error *err)
{
    int column[EPOCH_N_FIGURES], epoch_column;

    if (page_table_column(&epoch_column, t, "epoch", err) != STATUS_OK)
        return err->status;
    for (int f = 0; f < EPOCH_N_FIGURES; f++)
        column[f] = page_table_find(t, epoch_table_name[f]);
    out->row = memory_array((size_t)t->n_rows, sizeof *out->row, "epochs", err);
    out->class_selected =
        memory_array((size_t)out->classes, sizeof *out->class_selected, "shares of classes", err);
    if (!out->row || !out->class_selected)
        return err->status;
    for (; out->n < t->n_rows; out->n++)
        if (read_row(&out->row[out->n], t, out->n, column, epoch_column, err) != STATUS_OK)
            return err->status;
    return read_class_shares(out, t, column[EPOCH_SELECTED], err);
}

/* ---- batches.csv ---- */

/* The column of a header line that has no quotes; -1: none. */
static int find_column(const char *line, const char *name)
{
    size_t length = strlen(name);

    for (int i = 0;; i++) {
        size_t field = strcspn(line, ",\r\n");
        if (field == length && strncmp(line, name, length) == 0)
            return i;
        if (line[field] != ',')
            return -1;
        line += field + 1;
    }
}

/* The number in a column; NaN: there is none. */
static double number_at(const char *line, int column)
{
    char *end;

    for (; column > 0; column--) {
        line = strchr(line, ',');
        if (!line)
            return NAN;
        line++;
    }
    double value = strtod(line, &end);
    return end == line || !isfinite(value) ? NAN : value;
}

struct mean {
    double sum;
    int n;
};

static void add_line(struct mean *mean, const struct epoch_table *t, const char *line, int epoch,
                     int threshold)
{
    double at = number_at(line, epoch), value = number_at(line, threshold);

    for (int i = 0; i < t->n && !isnan(value); i++) {
        /* Rows are in order, so the one that is looked for is the last one or near it. */
        int row = t->n - 1 - i;
        if (t->row[row].epoch == at) {
            mean[row].sum += value;
            mean[row].n++;
        }
        if (t->row[row].epoch <= at)
            return;
    }
}

static void read_thresholds(struct epoch_table *t, struct mean *mean, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    int epoch = -1, threshold = -1;

    if (getline(&line, &size, file) > 0) {
        epoch = find_column(line, "epoch");
        threshold = find_column(line, "threshold");
    }
    while (epoch >= 0 && threshold >= 0 && getline(&line, &size, file) > 0)
        add_line(mean, t, line, epoch, threshold);
    free(line);
    for (int i = 0; i < t->n; i++)
        if (mean[i].n > 0)
            t->row[i].figure[EPOCH_THRESHOLD] = mean[i].sum / mean[i].n;
}

static enum status add_thresholds(struct epoch_table *t, const char *path, struct error *err)
{
    FILE *file = path && files_exist(path) ? fopen(path, "re") : NULL;

    if (!file)
        return STATUS_OK;
    struct mean *mean = memory_array((size_t)t->n, sizeof *mean, "thresholds", err);
    if (mean)
        read_thresholds(t, mean, file);
    free(mean);
    fclose(file);
    return mean ? STATUS_OK : err->status;
}

enum status epoch_table_read(struct epoch_table *out, const char *results, const char *batches,
                             int classes, struct error *err)
{
    struct page_table t;

    *out = (struct epoch_table){.classes = classes};
    if (page_table_read(&t, results, err) != STATUS_OK)
        return err->status;
    enum status status = read_rows(out, &t, err);
    page_table_free(&t);
    if (status == STATUS_OK)
        status = add_thresholds(out, batches, err);
    if (status != STATUS_OK)
        epoch_table_free(out);
    return status;
}

void epoch_table_free(struct epoch_table *t)
{
    free(t->row);
    free(t->class_selected);
    *t = (struct epoch_table){0};
}

/* Whether a is better than b, which has a value of the figure. */
static bool is_better(const double *a, const double *b, enum epoch_figure figure)
{
    double x = a[figure], y = b[figure];

    if (figure == EPOCH_VAL_MEAN_LOSS)
        return x < y || (x == y && a[EPOCH_VAL_ACCURACY] > b[EPOCH_VAL_ACCURACY]);
    return x > y || (x == y && a[EPOCH_VAL_MEAN_LOSS] < b[EPOCH_VAL_MEAN_LOSS]);
}

int epoch_table_best(const struct epoch_table *t, enum monitor monitor)
{
    static const enum epoch_figure figure[] = {
        [MONITOR_ACCURACY] = EPOCH_VAL_ACCURACY,
        [MONITOR_BALANCED_ACCURACY] = EPOCH_VAL_BALANCED_ACCURACY,
        [MONITOR_LOSS] = EPOCH_VAL_MEAN_LOSS,
    };
    int best = -1;

    for (int i = 0; i < t->n; i++)
        if (!isnan(t->row[i].figure[figure[monitor]]) &&
            (best < 0 || is_better(t->row[i].figure, t->row[best].figure, figure[monitor])))
            best = i;
    return best;
}
