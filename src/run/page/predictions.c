#include "run/page/predictions.h"

#include "base/memory.h"
#include "data/string_index.h"
#include "run/page/page_table.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CLASS = 4 }; /* behind image, label, predicted, probability */

static enum status allocate(struct predictions *p, const struct page_table *t, struct error *err)
{
    static const char what[] = "predictions";
    size_t n = (size_t)t->n_rows, bytes = 0;

    for (int i = 0; i < t->n_rows; i++)
        bytes += strlen(page_table_text(t, i, 0)) + 1;
    p->image = memory_array(n, sizeof *p->image, what, err);
    p->label = memory_array(n, sizeof *p->label, what, err);
    p->predicted = memory_array(n, sizeof *p->predicted, what, err);
    p->loss = memory_array(n, sizeof *p->loss, what, err);
    p->names = memory_array(bytes, 1, what, err);
    p->probability = memory_array(n * (size_t)p->classes, sizeof *p->probability, what, err);
    return p->image && p->label && p->predicted && p->loss && p->names && p->probability
               ? STATUS_OK
               : err->status;
}

static enum status read_probabilities(struct predictions *p, const struct page_table *t, int row,
                                      struct error *err)
{
    float *probability = p->probability + (size_t)row * (size_t)p->classes;

    for (int c = 0; c < p->classes; c++) {
        double value;
        if (page_table_number(&value, t, row, FIRST_CLASS + c, err) != STATUS_OK)
            return err->status;
        if (!(value >= 0 && value <= 1 + 1e-5))
            return error_set(err, "%s:%d: \"%s\" is not a probability", t->path,
                             t->csv.row[row + 1].line, page_table_text(t, row, FIRST_CLASS + c));
        probability[c] = (float)value;
    }
    double own = (double)probability[p->label[row]];
    p->loss[row] = own >= 1 ? 0 : -log(fmax(own, FLT_MIN));
    return STATUS_OK;
}

static enum status fill(struct predictions *p, const struct page_table *t,
                        const struct string_index *classes, struct error *err)
{
    char *name = p->names;

    for (int i = 0; i < t->n_rows; i++) {
        if (page_table_class(&p->label[i], t, i, 1, classes, err) != STATUS_OK ||
            page_table_class(&p->predicted[i], t, i, 2, classes, err) != STATUS_OK ||
            read_probabilities(p, t, i, err) != STATUS_OK)
            return err->status;
        p->image[i] = name;
        name = stpcpy(name, page_table_text(t, i, 0)) + 1;
        p->n++;
    }
    return STATUS_OK;
}

static enum status read_rows(struct predictions *p, const struct page_table *t,
                             const struct class_list *classes, struct error *err)
{
    static const char *const column[FIRST_CLASS] = {"image", "label", "predicted", "probability"};
    struct string_index index = {0};
    enum status status = STATUS_OK;

    if (page_table_columns(t) != FIRST_CLASS + classes->n)
        return error_set(err, "%s: %d columns, but %d for a run of %d classes", t->path,
                         page_table_columns(t), FIRST_CLASS + classes->n, classes->n);
    for (int i = 0; i < FIRST_CLASS; i++)
        if (page_table_find(t, column[i]) != i)
            return error_set(err, "%s: column %d is not \"%s\"", t->path, i + 1, column[i]);
    for (int i = 0, number; status == STATUS_OK && i < classes->n; i++)
        status = string_index_add(&index, &number, classes->name[i], err);
    if (status == STATUS_OK)
        status = allocate(p, t, err);
    if (status == STATUS_OK)
        status = fill(p, t, &index, err);
    string_index_free(&index);
    return status;
}

enum status predictions_read(struct predictions *out, const char *path,
                             const struct class_list *classes, struct error *err)
{
    struct page_table t;

    *out = (struct predictions){.classes = classes->n};
    if (page_table_read(&t, path, err) != STATUS_OK)
        return err->status;
    enum status status = read_rows(out, &t, classes, err);
    page_table_free(&t);
    if (status != STATUS_OK)
        predictions_free(out);
    return status;
}

void predictions_free(struct predictions *p)
{
    free(p->image);
    free(p->label);
    free(p->predicted);
    free(p->probability);
    free(p->loss);
    free(p->names);
    *p = (struct predictions){0};
}

static int larger_loss_first(const void *a, const void *b, void *context)
{
    const struct predictions *p = context;
    int x = *(const int *)a, y = *(const int *)b;

    if (p->loss[x] != p->loss[y])
        return p->loss[x] > p->loss[y] ? -1 : 1;
    return (x > y) - (x < y);
}

void predictions_order(const struct predictions *p, int *order)
{
    for (int i = 0; i < p->n; i++)
        order[i] = i;
    if (p->n > 1) {
        struct predictions view = *p;
        qsort_r(order, (size_t)p->n, sizeof *order, larger_loss_first, &view);
    }
}
