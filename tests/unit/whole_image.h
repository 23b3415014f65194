/* A file decoded whole and at its full size, by the decoders that image_decode_resized uses, and
 * turned by another rule than theirs: what squares are compared with. */
#ifndef WHOLE_IMAGE_H
#define WHOLE_IMAGE_H

#include "image/decode.h"

#include <string.h>

/* Where pixel (x, y) of the stored image is in the upright one (EXIF 2.3, orientation). */
static inline void whole_image_place(int *to_x, int *to_y, int x, int y, int width, int height,
                                     int orientation)
{
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int across = from_right ? width - 1 - x : x, down = from_below ? height - 1 - y : y;

    *to_x = orientation < 5 ? across : down;
    *to_y = orientation < 5 ? down : across;
}

static inline enum status whole_image_turn(struct image *image, int orientation, struct error *err)
{
    struct image in = *image;
    bool swapped = orientation >= 5;

    if (orientation == 1)
        return STATUS_OK;
    if (image_create(image, swapped ? in.height : in.width, swapped ? in.width : in.height, err) ==
        STATUS_OK) {
        for (int y = 0; y < in.height; y++) {
            for (int x = 0; x < in.width; x++) {
                int to_x, to_y;

                whole_image_place(&to_x, &to_y, x, y, in.width, in.height, orientation);
                memcpy(image->rgb + 3 * ((size_t)to_y * (size_t)image->width + (size_t)to_x),
                       in.rgb + 3 * ((size_t)y * (size_t)in.width + (size_t)x), 3);
            }
        }
    }
    image_free(&in);
    return image->rgb ? STATUS_OK : err->status;
}

/* On failure out->rgb is NULL. */
static inline enum status whole_image_decode(struct image *out, const uint8_t *bytes, size_t size,
                                             const struct image_limits *limits, struct error *err)
{
    struct rows rows = {.orientation = 1};
    enum status status = decode_any(&rows, bytes, size, limits, err);

    if (status == STATUS_OK)
        status = whole_image_turn(&rows.image, rows.found, err);
    else
        rows_free(&rows);
    *out = rows.image;
    return status;
}

#endif
