#include "image/rows.h"

#include "image/orientation.h"
#include "image/resize_stb.h"

/* A place that the fit gives for the upright image, in the square as the image is stored.
 * aspect: of the stored one. */
static struct image_fit_place place(const struct rows *rows, double aspect,
                                    struct image_fit_place (*of)(const struct image_fit *fit,
                                                                 double aspect))
{
    bool swapped = orientation_swaps_sides(rows->orientation);
    struct image_fit_place upright = of(rows->fit, swapped ? 1 / aspect : aspect);

    return orientation_stored_place(&upright, rows->fit->size, rows->orientation);
}

struct image_fit_place rows_resized(const struct rows *rows, int width, int height)
{
    return place(rows, (double)width / height, image_fit_whole);
}

static void find_target(struct rows *rows, const struct rows_source *source)
{
    const struct image_fit_place whole = place(rows, rows->aspect, image_fit_whole);
    const struct image_fit_place shown = place(rows, rows->aspect, image_fit_shown);
    size_t row_bytes = 3 * (size_t)rows->fit->size;

    rows->shown = shown;
    rows->target = (struct resize_target){
        .box = {.x = (shown.x - whole.x) * source->right / whole.width,
                .y = (shown.y - whole.y) * source->bottom / whole.height,
                .width = shown.width * source->right / whole.width,
                .height = shown.height * source->bottom / whole.height},
        .rgb = rows->resized + (size_t)shown.y * row_bytes + 3 * (size_t)shown.x,
        .row_bytes = row_bytes,
        .width = shown.width,
        .height = shown.height,
    };
}

enum status rows_begin(struct rows *rows, const struct rows_source *source, struct error *err)
{
    rows->aspect = source->right / source->bottom;
    if (rows->fit)
        find_target(rows, source);
    if (!rows->fit)
        return image_create(&rows->image, source->width, source->height, err);
    if (rows->fit->interpolation == IMAGE_FIT_BICUBIC)
        return resize_stb_create(&rows->bicubic, &rows->target, source->width, source->height, err);
    return resize_create(&rows->resize, &rows->target, source->width, source->height, err);
}

uint8_t *rows_next(struct rows *rows)
{
    return rows->resize    ? resize_row(rows->resize)
           : rows->bicubic ? resize_stb_row(rows->bicubic)
                           : rows->image.rgb + 3 * (size_t)rows->n * (size_t)rows->image.width;
}

void rows_push(struct rows *rows)
{
    if (rows->resize)
        resize_push(rows->resize);
    if (rows->bicubic)
        resize_stb_push(rows->bicubic);
    rows->n++;
}

void rows_end(struct rows *rows)
{
    if (rows->fit)
        image_fit_spread_edges(rows->resized, rows->fit->size, &rows->shown);
}

void rows_free(struct rows *rows)
{
    resize_destroy(rows->resize);
    resize_stb_destroy(rows->bicubic);
    image_free(&rows->image);
}
