#include "data/table_copy.h"

#include "io/csv.h"

/* The row, with other texts in at most two of its columns; NULL: none. */
static void put_row(const struct dataset_table *table, FILE *stream, const struct csv_row *row,
                    const char *image_prefix, const char *label)
{
    const char *at = row->raw, *end = at + row->raw_bytes;
    for (int column = 0; column < row->n_fields; column++) {
        size_t bytes;
        csv_raw_field(&bytes, at, end, table->delimiter);
        if (column > 0)
            fputc(table->delimiter, stream);
        if (column == table->image_column && image_prefix)
            csv_put_joined(stream, image_prefix, row->field[column], table->delimiter);
        else if (column == table->label_column && label)
            csv_put_joined(stream, "", label, table->delimiter);
        else
            fwrite(at, 1, bytes, stream);
        at += bytes + 1;
    }
    fputc('\n', stream);
}

/* NULL: the path stays as it stands. */
static const char *prefix_of(const struct table_copy *copy, const char *image)
{
    return *copy->prefix && *image != '/' ? copy->prefix : NULL;
}

void table_copy_header(const struct table_copy *copy, FILE *stream)
{
    const struct dataset_table *table = dataset_table(copy->data);
    if (table->first_row > 0)
        put_row(table, stream, &table->csv.row[0], NULL, NULL);
}

void table_copy_row(const struct table_copy *copy, FILE *stream, int row, const char *label)
{
    const struct dataset_table *table = dataset_table(copy->data);
    const struct sample *s = dataset_sample(copy->data, row);
    if (!label && copy->names_labels)
        label = dataset_classes(copy->data)->name[s->label];
    put_row(table, stream, &table->csv.row[table->row[row]], prefix_of(copy, s->image), label);
}

void table_copy_image(const struct table_copy *copy, FILE *stream, int row)
{
    const char *image = dataset_sample(copy->data, row)->image;
    const char *prefix = prefix_of(copy, image);
    csv_put_joined(stream, prefix ? prefix : "", image, dataset_table(copy->data)->delimiter);
}
