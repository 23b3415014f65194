#include "run/page/hard_table.h"

#include "base/memory.h"
#include "data/string_index.h"

#include <stdlib.h>

enum column { IMAGE, LABEL, SEEN, SELECTED, MEAN_LOSS, LAST_LOSS, PREDICTED, N_COLUMNS };

static enum status read_row(struct hard_row *out, const struct page_table *t, int row,
                            const int column[N_COLUMNS], const struct string_index *classes,
                            struct error *err)
{
    out->image = page_table_text(t, row, column[IMAGE]);
    if (page_table_class(&out->label, t, row, column[LABEL], classes, err) != STATUS_OK ||
        page_table_class(&out->predicted, t, row, column[PREDICTED], classes, err) != STATUS_OK ||
        page_table_number(&out->seen, t, row, column[SEEN], err) != STATUS_OK ||
        page_table_number(&out->selected, t, row, column[SELECTED], err) != STATUS_OK ||
        page_table_number(&out->mean_loss, t, row, column[MEAN_LOSS], err) != STATUS_OK)
        return err->status;
    return page_table_number(&out->last_loss, t, row, column[LAST_LOSS], err);
}

static enum status read_rows(struct hard_table *out, const struct class_list *classes,
                             struct error *err)
{
    static const char *const name[N_COLUMNS] = {[IMAGE] = "image",
                                                [LABEL] = "label",
                                                [SEEN] = "times_seen",
                                                [SELECTED] = "times_selected",
                                                [MEAN_LOSS] = "mean_loss",
                                                [LAST_LOSS] = "last_loss",
                                                [PREDICTED] = "last_prediction"};
    const struct page_table *t = &out->table;
    struct string_index index = {0};
    int column[N_COLUMNS];
    enum status status = STATUS_OK;

    for (int i = 0; i < N_COLUMNS; i++)
        if (page_table_column(&column[i], t, name[i], err) != STATUS_OK)
            return err->status;
    out->row = memory_array((size_t)t->n_rows, sizeof *out->row, "hard examples", err);
    if (!out->row)
        return err->status;
    for (int i = 0, number; status == STATUS_OK && i < classes->n; i++)
        status = string_index_add(&index, &number, classes->name[i], err);
    for (; status == STATUS_OK && out->n < t->n_rows; out->n++)
        status = read_row(&out->row[out->n], t, out->n, column, &index, err);
    string_index_free(&index);
    return status;
}

enum status hard_table_read(struct hard_table *out, const char *path,
                            const struct class_list *classes, struct error *err)
{
    *out = (struct hard_table){0};
    if (page_table_read(&out->table, path, err) != STATUS_OK)
        return err->status;
    if (read_rows(out, classes, err) == STATUS_OK)
        return STATUS_OK;
    hard_table_free(out);
    return err->status;
}

void hard_table_free(struct hard_table *t)
{
    free(t->row);
    page_table_free(&t->table);
    *t = (struct hard_table){0};
}
