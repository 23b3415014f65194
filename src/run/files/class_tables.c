#include "run/files/class_tables.h"

#include "base/files.h"
#include "io/csv.h"

#include <stdint.h>
#include <stdio.h>

enum status class_tables_write_confusion(const char *path, const struct class_list *classes,
                                         const int *confusion, struct error *err)
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
        csv_put_field(w.stream, classes->name[i]);
        for (int j = 0; j < classes->n; j++)
            fprintf(w.stream, ",%d", confusion[(size_t)i * (size_t)classes->n + (size_t)j]);
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
                                         const int *confusion, struct error *err)
{
    struct files_writer w;
    size_t n = (size_t)classes->n;
    enum status status = files_open(&w, path, err);

    if (status != STATUS_OK)
        return status;
    fputs("class,images,correct,recall,precision,f1\n", w.stream);
    for (size_t i = 0; i < n; i++) {
        int64_t images = 0, predicted = 0;
        for (size_t j = 0; j < n; j++) {
            images += confusion[i * n + j];
            predicted += confusion[j * n + i];
        }
        int correct = confusion[i * n + i];
        csv_put_field(w.stream, classes->name[i]);
        fprintf(w.stream, ",%lld,%d", (long long)images, correct);
        put_ratio(w.stream, correct, (double)images);
        put_ratio(w.stream, correct, (double)predicted);
        put_ratio(w.stream, 2.0 * correct, (double)(images + predicted));
        fputc('\n', w.stream);
    }
    return files_commit(&w, err);
}
