#include "cli/predict_report.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/json_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the matrix: more do not fit on a screen, or into a line that somebody parses. */
enum { MOST_SHOWN = 30, MOST_IN_JSON = 1000 };

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static double precision_of(const struct confusion *c, int class)
{
    return ratio(c->correct[class], c->predicted[class]);
}

static double f1_of(const struct confusion *c, int class)
{
    return ratio(2.0 * c->correct[class], (double)c->images[class] + c->predicted[class]);
}

static void put_ratio(FILE *stream, double value)
{
    if (isnan(value))
        fprintf(stream, "  %9s", "-");
    else
        fprintf(stream, "  %9.4f", value);
}

static void put_name(FILE *stream, const char *class, int width)
{
    char name[1024]; /* a longer one is cut, here alone */
    snprintf(name, sizeof name, "%s", class);
    text_make_printable(name);
    fprintf(stream, "%-*s", width, name);
}

static int digits(int number)
{
    return snprintf(NULL, 0, "%d", number);
}

static void put_matrix(FILE *stream, struct confusion *matrix, const struct class_list *classes,
                       int width)
{
    int n = matrix->classes, cell = digits(n);
    if (n > MOST_SHOWN) {
        fprintf(stream, "confusion matrix of %d classes: --confusion-matrix FILE writes it\n", n);
        return;
    }
    for (int c = 0; c < n; c++)
        if (digits(matrix->images[c]) > cell)
            cell = digits(matrix->images[c]);
    fprintf(stream,
            "confusion matrix (rows: true class; columns: predicted class, in this order)\n");
    for (int c = 0; c < n; c++) {
        const int *row = confusion_row(matrix, c);
        put_name(stream, classes->name[c], width);
        for (int j = 0; j < n; j++)
            fprintf(stream, "  %*d", cell, row[j]);
        fputc('\n', stream);
    }
}

void predict_report_print(FILE *stream, struct metrics *m, const struct class_list *classes,
                          const struct predict_counts *counts)
{
    fprintf(stream, "%d image%s classified", counts->images, counts->images == 1 ? "" : "s");
    if (counts->skipped > 0)
        fprintf(stream, ", %d skipped", counts->skipped);
    if (m->n == 0) {
        fprintf(stream, counts->unknown_labels > 0 ? "; no label is a class of the model\n"
                                                   : "; no labels to compare with\n");
        return;
    }
    if (m->n < counts->images)
        fprintf(stream, "; %d of them have a label that the model knows", m->n);
    fprintf(stream, "\naccuracy %.4f (%d of %d), mean cross-entropy %.4f, balanced accuracy %.4f\n",
            m->accuracy, m->n_correct, m->n, m->mean_loss, m->balanced_accuracy);

    int width = 5;
    for (int c = 0; c < m->classes; c++)
        if ((int)strlen(classes->name[c]) > width)
            width = (int)strlen(classes->name[c]);
    fprintf(stream, "%-*s  images  recall  precision         F1\n", width, "class");
    for (int c = 0; c < m->classes; c++) {
        int n = m->confusion.images[c];
        put_name(stream, classes->name[c], width);
        if (n > 0)
            fprintf(stream, "  %6d  %.4f", n, m->recall[c]);
        else
            fprintf(stream, "  %6d  %-6s", n, "-");
        put_ratio(stream, precision_of(&m->confusion, c));
        put_ratio(stream, f1_of(&m->confusion, c));
        fputc('\n', stream);
    }
    put_matrix(stream, &m->confusion, classes, width);
}

/* figure: room for three of each class. */
static void put_classes(struct json_write *w, const struct metrics *m,
                        const struct class_list *classes, double *figure)
{
    double *precision = figure, *f1 = precision + m->classes, *support = f1 + m->classes;
    for (int c = 0; c < m->classes; c++) {
        precision[c] = precision_of(&m->confusion, c);
        f1[c] = f1_of(&m->confusion, c);
        support[c] = m->confusion.images[c];
    }
    json_write_numbers(w, "recall", m->recall, m->classes);
    json_write_number(w, "macro_f1", m->macro_f1);
    json_write_texts(w, "classes", classes->name, m->classes);
    json_write_numbers(w, "precision", precision, m->classes);
    json_write_numbers(w, "f1", f1, m->classes);
    json_write_numbers(w, "support", support, m->classes);
}

static const int *matrix_row(void *context, int i)
{
    return confusion_row(context, i);
}

enum status predict_report_json(FILE *stream, struct metrics *m, const struct class_list *classes,
                                const struct predict_counts *counts,
                                const struct predict_trust *trust, struct error *err)
{
    double *figure = memory_array(3 * (size_t)m->classes, sizeof *figure, "figures", err);
    struct json_write *w = figure ? json_write_begin(err) : NULL;

    if (!w) {
        free(figure);
        return err->status;
    }
    json_write_integer(w, "pictures", counts->images);
    json_write_integer(w, "skipped", counts->skipped);
    json_write_integer(w, "labelled", m->n);
    json_write_integer(w, "unknown_labels", counts->unknown_labels);
    json_write_integer(w, "correct", m->n_correct);
    json_write_number(w, "accuracy", m->accuracy);
    json_write_number(w, "balanced_accuracy", m->balanced_accuracy);
    json_write_number(w, "mean_cross_entropy", m->mean_loss);
    put_classes(w, m, classes, figure);
    if (m->classes <= MOST_IN_JSON)
        json_write_rows(w, "confusion_matrix", matrix_row, &m->confusion, m->classes, m->classes);
    predict_trust_json(w, trust);
    free(figure);
    return json_write_end(w, stream, err);
}
