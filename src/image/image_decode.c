/* Decodes into a resize, then turns the image upright. */
#include "image/image_decode.h"

#include "image/decode.h"
#include "image/orientation.h"
#include "image/rows.h"

static enum status fill_resized(struct rows *rows, const uint8_t *bytes, size_t size,
                                const struct image_limits *limits, struct error *err)
{
    enum status status = decode_any(rows, bytes, size, limits, err);

    if (status == STATUS_OK)
        rows_end(rows);
    rows_free(rows);
    return status;
}

/* Turning a square result is turning the image before: the resize treats both directions alike,
 * and places are found for the upright image. A PNG that tells its orientation at its end is
 * decoded again for it, unless the place is the whole square. */
enum status image_decode_resized(uint8_t *rgb, double *aspect, const struct image_fit *fit,
                                 const uint8_t *bytes, size_t size,
                                 const struct image_limits *limits, struct error *err)
{
    struct rows rows = {.fit = fit, .resized = rgb, .orientation = 1};

    if (fill_resized(&rows, bytes, size, limits, err) != STATUS_OK)
        return err->status;
    if (rows.found != rows.orientation && fit->resize != IMAGE_FIT_SQUASH) {
        rows = (struct rows){.fit = fit, .resized = rgb, .orientation = rows.found};
        if (fill_resized(&rows, bytes, size, limits, err) != STATUS_OK)
            return err->status;
    }
    if (aspect)
        *aspect = orientation_swaps_sides(rows.found) ? 1 / rows.aspect : rows.aspect;
    return orientation_turn_resized(rgb, fit->size, rows.found, err);
}
