#include "cli/predict_report.h"

#include <math.h>
#include <string.h>

void predict_report_print(FILE *stream, const struct metrics *m, const struct class_list *classes,
                          const struct predict_counts *counts)
{
    fprintf(stream, "%d picture%s classified", counts->pictures, counts->pictures == 1 ? "" : "s");
    if (counts->skipped > 0)
        fprintf(stream, ", %d skipped", counts->skipped);
    if (m->n == 0) {
        fprintf(stream, "; no labels to compare with\n");
        return;
    }
    if (m->n < counts->pictures)
        fprintf(stream, "; %d of them have a label that the model knows", m->n);
    fprintf(stream, "\naccuracy %.4f (%d of %d), mean cross-entropy %.4f, balanced accuracy %.4f\n",
            m->accuracy, m->n_correct, m->n, m->mean_loss, m->balanced_accuracy);

    int width = 5;
    for (int c = 0; c < m->classes; c++)
        if ((int)strlen(classes->name[c]) > width)
            width = (int)strlen(classes->name[c]);
    fprintf(stream, "%-*s  images  recall\n", width, "class");
    for (int c = 0; c < m->classes; c++) {
        int n = m->confusion.images[c];
        if (n > 0)
            fprintf(stream, "%-*s  %6d  %.4f\n", width, classes->name[c], n, m->recall[c]);
        else
            fprintf(stream, "%-*s  %6d  -\n", width, classes->name[c], n);
    }
}

static void put_number(FILE *stream, const char *key, double value)
{
    if (isfinite(value))
        fprintf(stream, ", \"%s\": %.9g", key, value);
    else
        fprintf(stream, ", \"%s\": null", key); /* JSON has no NaN */
}

void predict_report_json(FILE *stream, const struct metrics *m, const struct predict_counts *counts)
{
    fprintf(stream, "{\"pictures\": %d, \"skipped\": %d, \"labelled\": %d, \"correct\": %d",
            counts->pictures, counts->skipped, m->n, m->n_correct);
    put_number(stream, "accuracy", m->accuracy);
    put_number(stream, "balanced_accuracy", m->balanced_accuracy);
    put_number(stream, "mean_cross_entropy", m->mean_loss);
    fprintf(stream, ", \"recall\": [");
    for (int c = 0; c < m->classes; c++) {
        if (isfinite(m->recall[c]))
            fprintf(stream, "%s%.9g", c > 0 ? ", " : "", m->recall[c]);
        else
            fprintf(stream, "%snull", c > 0 ? ", " : "");
    }
    fprintf(stream, "]}\n");
}
