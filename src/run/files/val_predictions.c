#include "run/files/val_predictions.h"

#include "io/csv.h"
#include "run/files/class_columns.h"

enum status val_predictions_open(struct val_predictions *out, const char *path,
                                 const struct dataset *data, struct error *err)
{
    static const char *const column[] = {"image", "label", "predicted", "probability"};
    enum { COLUMNS = sizeof column / sizeof *column };

    *out = (struct val_predictions){.data = data};
    enum status status = files_open(&out->writer, path, err);
    if (status != STATUS_OK)
        return status;
    FILE *stream = out->writer.stream;
    for (int i = 0; i < COLUMNS; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", column[i]);
    class_columns_put(stream, dataset_classes(data), column, COLUMNS);
    fputc('\n', stream);
    return STATUS_OK;
}

void val_predictions_put(const struct val_predictions *p, int row, int predicted,
                         const float *probability)
{
    const struct class_list *classes = dataset_classes(p->data);
    const struct sample *sample = dataset_sample(p->data, row);
    FILE *stream = p->writer.stream;

    csv_put_field(stream, sample->image);
    fputc(',', stream);
    csv_put_field(stream, classes->name[sample->label]);
    fputc(',', stream);
    csv_put_field(stream, classes->name[predicted]);
    fprintf(stream, ",%.6g", (double)probability[predicted]);
    for (int c = 0; c < classes->n; c++)
        fprintf(stream, ",%.6g", (double)probability[c]);
    fputc('\n', stream);
}

enum status val_predictions_commit(struct val_predictions *p, struct error *err)
{
    return files_commit(&p->writer, err);
}

void val_predictions_abandon(struct val_predictions *p)
{
    files_abandon(&p->writer);
}
