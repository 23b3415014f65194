/* The tag is read by libexif; the turn is a walk through the stored picture with other steps. */
#include "image/orientation.h"

#include "base/memory.h"

#include <libexif/exif-data.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int tag_value(ExifData *data)
{
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int value;

    if (!entry || entry->format != EXIF_FORMAT_SHORT || entry->size < 2)
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
        block = memory_array(total, 1, "EXIF data", err);
        if (!block)
            return err->status;
        memcpy(block, header, sizeof header);
        memcpy(block + sizeof header, exif, size);
    }

    data = exif_data_new();
    if (!data) {
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
};

static struct walk plan_walk(int orientation, ptrdiff_t side)
{
    ptrdiff_t end_of_row = side - 1, last_row = side * (side - 1);

    switch (orientation) {
    case 2: /* mirrored left to right */
        return (struct walk){end_of_row, -1, side};
    case 3: /* upside down */
        return (struct walk){last_row + end_of_row, -1, -side};
    case 4: /* mirrored top to bottom */
        return (struct walk){last_row, 1, -side};
    case 5: /* mirrored along the diagonal */
        return (struct walk){0, side, 1};
    case 6: /* to be turned clockwise */
        return (struct walk){last_row, -side, 1};
    case 7: /* mirrored along the other diagonal */
        return (struct walk){last_row + end_of_row, -side, -1};
    case 8: /* to be turned counter-clockwise */
        return (struct walk){end_of_row, side, -1};
    default:
        return (struct walk){0, 1, side};
    }
}

/* In tiles of pixels, because a walk across the stored rows touches a new cache line with each
 * step. */
#define TILE 32

static void walk_tile(uint8_t *out, const uint8_t *in, const struct walk *w, int side, int x0,
                      int y0)
{
    int x1 = x0 + TILE < side ? x0 + TILE : side;
    int y1 = y0 + TILE < side ? y0 + TILE : side;

    for (int y = y0; y < y1; y++) {
        uint8_t *to = out + 3 * ((size_t)y * (size_t)side + (size_t)x0);
        const uint8_t *from = in + 3 * (w->start + x0 * w->right + y * w->down);

        for (int x = x0; x < x1; x++, to += 3, from += 3 * w->right)
            memcpy(to, from, 3);
    }
}

bool orientation_swaps_sides(int orientation)
{
    return orientation >= 5;
}

struct image_fit_place orientation_stored_place(const struct image_fit_place *upright, int side,
                                                int orientation)
{
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    struct image_fit_place p = *upright;

    if (orientation_swaps_sides(orientation))
        p = (struct image_fit_place){upright->y, upright->x, upright->height, upright->width};
    if (from_right)
        p.x = side - p.x - p.width;
    if (from_below)
        p.y = side - p.y - p.height;
    return p;
}

enum status orientation_turn_square(uint8_t *rgb, int side, int orientation, struct error *err)
{
    size_t n_bytes = 3 * (size_t)side * (size_t)side;
    struct walk w = plan_walk(orientation, side);
    uint8_t *in;

    if (orientation == 1)
        return STATUS_OK;
    in = memory_array(n_bytes, 1, "picture", err);
    if (!in)
        return err->status;
    memcpy(in, rgb, n_bytes);
    for (int y = 0; y < side; y += TILE)
        for (int x = 0; x < side; x += TILE)
            walk_tile(rgb, in, &w, side, x, y);
    free(in);
    return STATUS_OK;
}
