#include "cli/predict_report.h"

#include "base/text.h"
#include "io/json_write.h"

#include <string.h>

void predict_report_print(FILE *stream, const struct metrics *m, const struct class_list *classes,
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
    fprintf(stream, "%-*s  images  recall\n", width, "class");
    for (int c = 0; c < m->classes; c++) {
        int n = m->confusion.images[c];
        char name[1024]; /* a longer one is cut, here alone */
        snprintf(name, sizeof name, "%s", classes->name[c]);
        text_make_printable(name);
        if (n > 0)
            fprintf(stream, "%-*s  %6d  %.4f\n", width, name, n, m->recall[c]);
        else
            fprintf(stream, "%-*s  %6d  -\n", width, name, n);
    }
}

enum status predict_report_json(FILE *stream, const struct metrics *m,
                                const struct predict_counts *counts, struct error *err)
{
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    json_write_integer(w, "pictures", counts->images);
    json_write_integer(w, "skipped", counts->skipped);
    json_write_integer(w, "labelled", m->n);
    json_write_integer(w, "unknown_labels", counts->unknown_labels);
    json_write_integer(w, "correct", m->n_correct);
    json_write_number(w, "accuracy", m->accuracy);
    json_write_number(w, "balanced_accuracy", m->balanced_accuracy);
    json_write_number(w, "mean_cross_entropy", m->mean_loss);
    json_write_numbers(w, "recall", m->recall, m->classes);
    return json_write_end(w, stream, err);
}
