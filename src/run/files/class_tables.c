#include "run/files/class_tables.h"

#include "base/files.h"
#include "io/csv.h"

#include <stdio.h>

enum status class_tables_write_confusion(const char *path, const struct class_list *classes,
                                         struct confusion *confusion, struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path, err);

    if (status != STATUS_OK)
        return status;
    fputs("true\\predicted", w.stream);
    for (int i = 0; i < classes->n; i++) {
        fputc(',', w.stream);
        csv_put_field(w.stream, classes->name[i]);
    }
    fputc('\n', w.stream);
    for (int i = 0; i < classes->n; i++) {
        const int *row = confusion_row(confusion, i);
        csv_put_field(w.stream, classes->name[i]);
        for (int j = 0; j < classes->n; j++)
            if (row[j] == 0) /* nearly all, and fprintf is slow */
                fputs(",0", w.stream);
            else
                fprintf(w.stream, ",%d", row[j]);
        fputc('\n', w.stream);
    }
    return files_commit(&w, err);
}

static void put_ratio(FILE *stream, double part, double whole)
{
    fputc(',', stream);
    if (whole > 0)
        fprintf(stream, "%.6g", part / whole);
}

enum status class_tables_write_per_class(const char *path, const struct class_list *classes,
                                         struct confusion *confusion, struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path, err);

    if (status != STATUS_OK)
        return status;
    fputs("class,images,correct,recall,precision,f1\n", w.stream);
    for (int i = 0; i < classes->n; i++) {
        double images = confusion->images[i], predicted = confusion->predicted[i];
        int correct = confusion->correct[i];
        csv_put_field(w.stream, classes->name[i]);
        fprintf(w.stream, ",%d,%d", confusion->images[i], correct);
        put_ratio(w.stream, correct, images);
        put_ratio(w.stream, correct, predicted);
        put_ratio(w.stream, 2.0 * correct, images + predicted);
        fputc('\n', w.stream);
    }
    return files_commit(&w, err);
}
