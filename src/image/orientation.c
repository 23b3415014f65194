/* The tag is read by libexif; the turn is a walk through the stored picture with other steps. */
#include "image/orientation.h"

#include <libexif/exif-data.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int tag_value(ExifData *data)
{
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int value;

    if (entry == NULL || entry->format != EXIF_FORMAT_SHORT || entry->size < 2)
        return 1;
    value = exif_get_short(entry->data, exif_data_get_byte_order(data));
    return value >= 1 && value <= 8 ? value : 1;
}

enum status orientation_from_exif(int *orientation, const uint8_t *exif, size_t size,
                                  struct error *err)
{
    static const char header[6] = "Exif\0"; /* libexif wants it, PNG does not store it */
    bool bare = size < sizeof header || memcmp(exif, header, sizeof header) != 0;
    size_t total = size + (bare ? sizeof header : 0);
    ExifData *data = NULL;
    uint8_t *block = NULL;
    enum status status = STATUS_OK;

    *orientation = 1;
    if (total > UINT_MAX) /* what libexif can be told */
        return STATUS_OK;
    if (bare) {
        block = malloc(total);
        if (block == NULL)
            return error_memory(err, total, "EXIF data");
        memcpy(block, header, sizeof header);
        memcpy(block + sizeof header, exif, size);
    }

    data = exif_data_new();
    if (data == NULL) {
        status = error_memory(err, total, "EXIF data");
    } else {
        exif_data_load_data(data, bare ? block : exif, (unsigned)total);
        *orientation = tag_value(data);
        exif_data_unref(data);
    }
    free(block);
    return status;
}

/* Where the walk begins and how it goes: out(x, y) = in(start + x * right + y * down), counted in
 * pixels of the stored picture. */
struct walk {
    ptrdiff_t start, right, down;
    bool sides_swapped;
};

static struct walk plan_walk(int orientation, ptrdiff_t width, ptrdiff_t height)
{
    ptrdiff_t end_of_row = width - 1, last_row = width * (height - 1);

    switch (orientation) {
    case 2: /* mirrored left to right */
        return (struct walk){end_of_row, -1, width, false};
    case 3: /* upside down */
        return (struct walk){last_row + end_of_row, -1, -width, false};
    case 4: /* mirrored top to bottom */
        return (struct walk){last_row, 1, -width, false};
    case 5: /* mirrored along the diagonal */
        return (struct walk){0, width, 1, true};
    case 6: /* to be turned clockwise */
        return (struct walk){last_row, -width, 1, true};
    case 7: /* mirrored along the other diagonal */
        return (struct walk){last_row + end_of_row, -width, -1, true};
    case 8: /* to be turned counter-clockwise */
        return (struct walk){end_of_row, width, -1, true};
    default:
        return (struct walk){0, 1, width, false};
    }
}

/* In squares of pixels, because a walk across the stored rows touches a new cache line with each
 * step: without them turning a 12-megapixel photo takes 44 ms in place of 23. */
#define SQUARE 32

static void walk_square(struct image *out, const struct image *in, const struct walk *w, int x0,
                        int y0)
{
    int x1 = x0 + SQUARE < out->width ? x0 + SQUARE : out->width;
    int y1 = y0 + SQUARE < out->height ? y0 + SQUARE : out->height;

    for (int y = y0; y < y1; y++) {
        uint8_t *to = out->rgb + 3 * ((size_t)y * (size_t)out->width + (size_t)x0);
        const uint8_t *from = in->rgb + 3 * (w->start + x0 * w->right + y * w->down);

        for (int x = x0; x < x1; x++, to += 3, from += 3 * w->right)
            memcpy(to, from, 3);
    }
}

static void walk_all(struct image *out, const struct image *in, const struct walk *w)
{
    for (int y = 0; y < out->height; y += SQUARE)
        for (int x = 0; x < out->width; x += SQUARE)
            walk_square(out, in, w, x, y);
}

bool orientation_swaps_sides(int orientation)
{
    return plan_walk(orientation, 1, 1).sides_swapped;
}

enum status orientation_apply(struct image *image, int orientation, struct error *err)
{
    struct walk w = plan_walk(orientation, image->width, image->height);
    struct image out;
    enum status status;

    if (orientation == 1)
        return STATUS_OK;
    status = image_create(&out, w.sides_swapped ? image->height : image->width,
                          w.sides_swapped ? image->width : image->height, INT64_MAX, err);
    if (status != STATUS_OK)
        return status;
    walk_all(&out, image, &w);
    image_free(image);
    *image = out;
    return STATUS_OK;
}

enum status orientation_turn_square(uint8_t *rgb, int side, int orientation, struct error *err)
{
    struct walk w = plan_walk(orientation, side, side);
    struct image in, out = {.width = side, .height = side, .rgb = rgb};
    enum status status;

    if (orientation == 1)
        return STATUS_OK;
    status = image_create(&in, side, side, INT64_MAX, err);
    if (status != STATUS_OK)
        return status;
    memcpy(in.rgb, rgb, 3 * (size_t)side * (size_t)side);
    walk_all(&out, &in, &w);
    image_free(&in);
    return STATUS_OK;
}
