#include "image/rows.h"

enum status rows_begin(struct rows *rows, const struct resize_source *source, struct error *err)
{
    rows->aspect = source->right / source->bottom;
    return rows->side > 0 ? resize_create(&rows->resize, rows->resized, rows->side, source, err)
                          : image_create(&rows->image, source->width, source->height, err);
}

uint8_t *rows_next(struct rows *rows)
{
    return rows->resize ? resize_row(rows->resize)
                        : rows->image.rgb + 3 * (size_t)rows->n * (size_t)rows->image.width;
}

void rows_push(struct rows *rows)
{
    if (rows->resize)
        resize_push(rows->resize);
    rows->n++;
}
