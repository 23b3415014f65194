#include "cli/predict_table.h"

#include "base/memory.h"
#include "io/csv.h"
#include "io/json_write.h"
#include "run/files/class_columns.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static enum status check(struct predict_table *t, struct error *err)
{
    if (ferror(t->stream) && t->write_error == 0)
        t->write_error = errno;
    if (t->write_error == 0)
        return STATUS_OK;
    errno = t->write_error;
    return error_errno(err, "%s: cannot write", t->name);
}

enum status predict_table_begin(struct predict_table *t, struct error *err)
{
    static const char *const column[] = {"image", "predicted", "probability", "rejected"};
    int n_columns = t->reject_below > 0 ? 4 : 3;

    if (t->top > t->classes->n)
        t->top = t->classes->n;
    if (t->top > 0 || t->json_lines) {
        t->order = memory_array((size_t)t->classes->n, sizeof *t->order, "an order", err);
        if (!t->order)
            return err->status;
    }
    if (t->json_lines)
        return STATUS_OK;
    for (int i = 0; i < n_columns; i++)
        fprintf(t->stream, "%s%s", i > 0 ? "," : "", column[i]);
    if (t->top == 0)
        class_columns_put(t->stream, t->classes, column, n_columns);
    for (int i = 2; i <= t->top; i++)
        fprintf(t->stream, ",predicted_%d,probability_%d", i, i);
    fputc('\n', t->stream);
    return STATUS_OK;
}

/* The larger probability first; the lower class at a tie. */
static int by_probability(const void *a, const void *b, void *context)
{
    const float *probability = context;
    int i = *(const int *)a, j = *(const int *)b;

    if (probability[i] != probability[j])
        return probability[i] > probability[j] ? -1 : 1;
    return i < j ? -1 : 1;
}

/* predicted comes first, also where rounding made two probabilities equal of which logits were not.
 */
static void sort(struct predict_table *t, const struct evaluator_sample *s)
{
    int n = 0;
    t->order[n++] = s->predicted;
    for (int c = 0; c < t->classes->n; c++)
        if (c != s->predicted)
            t->order[n++] = c;
    qsort_r(t->order + 1, (size_t)n - 1, sizeof *t->order, by_probability, (void *)s->probability);
}

static bool is_rejected(const struct predict_table *t, const struct evaluator_sample *s)
{
    return (double)s->probability[s->predicted] < t->reject_below;
}

static void put_row(struct predict_table *t, const struct sample *image,
                    const struct evaluator_sample *s)
{
    csv_put_field(t->stream, image->image);
    fputc(',', t->stream);
    if (!is_rejected(t, s))
        csv_put_field(t->stream, t->classes->name[s->predicted]);
    fprintf(t->stream, ",%.6g", (double)s->probability[s->predicted]);
    if (t->reject_below > 0)
        fprintf(t->stream, ",%d", is_rejected(t, s));
    for (int c = 0; t->top == 0 && c < t->classes->n; c++)
        fprintf(t->stream, ",%.6g", (double)s->probability[c]);
    for (int i = 1; i < t->top; i++) {
        fputc(',', t->stream);
        csv_put_field(t->stream, t->classes->name[t->order[i]]);
        fprintf(t->stream, ",%.6g", (double)s->probability[t->order[i]]);
    }
    fputc('\n', t->stream);
}

static enum status put_line(struct predict_table *t, const struct sample *image,
                            const struct evaluator_sample *s, struct error *err)
{
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    json_write_text(w, "image", image->image);
    if (s->label >= 0)
        json_write_text(w, "label", t->classes->name[s->label]);
    if (is_rejected(t, s))
        json_write_number(w, "predicted", NAN); /* null */
    else
        json_write_text(w, "predicted", t->classes->name[s->predicted]);
    json_write_number(w, "probability", (double)s->probability[s->predicted]);
    if (t->reject_below > 0)
        json_write_truth(w, "rejected", is_rejected(t, s));
    json_write_list_begin(w, "classes");
    for (int i = 0; i < (t->top > 0 ? t->top : t->classes->n); i++) {
        json_write_list_item(w);
        json_write_text(w, "class", t->classes->name[t->order[i]]);
        json_write_number(w, "probability", (double)s->probability[t->order[i]]);
    }
    json_write_list_end(w);
    return json_write_end(w, t->stream, err);
}

enum status predict_table_put(struct predict_table *t, const struct sample *image,
                              const struct evaluator_sample *s, struct error *err)
{
    if (t->order)
        sort(t, s);
    if (!t->json_lines)
        put_row(t, image, s);
    else if (put_line(t, image, s, err) != STATUS_OK)
        return err->status;
    return check(t, err);
}

enum status predict_table_flush(struct predict_table *t, struct error *err)
{
    if (fflush(t->stream) != 0 && t->write_error == 0)
        t->write_error = errno;
    return check(t, err);
}

bool predict_table_has_no_reader(const struct predict_table *t)
{
    return t->write_error == EPIPE;
}

void predict_table_free(struct predict_table *t)
{
    free(t->order);
    *t = (struct predict_table){0};
}
