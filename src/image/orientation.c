/* EXIF is a TIFF file without an image (CIPA DC-008, 4.5); the turn is a walk through the stored
 * image with other steps. */
#include "image/orientation.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_BYTES = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };

struct tiff {
    const uint8_t *at;
    size_t size;
    bool little_endian;
};

/* The caller has seen that they are there. */
static unsigned get_16(const struct tiff *t, size_t at)
{
    const uint8_t *b = t->at + at;
    return t->little_endian ? (unsigned)b[1] << 8 | b[0] : (unsigned)b[0] << 8 | b[1];
}

static size_t get_32(const struct tiff *t, size_t at)
{
    size_t first = get_16(t, at), second = get_16(t, at + 2);
    return t->little_endian ? second << 16 | first : first << 16 | second;
}

/* Of an entry of the first directory: tag, type, count, and the value when it fits into 4 bytes. */
static int entry_value(const struct tiff *t, size_t at)
{
    unsigned value = get_16(t, at + 8);
    size_t count = get_32(t, at + 4);
    bool fits = get_16(t, at + 2) == TYPE_SHORT && (count == 1 || count == 2);
    return fits && value >= 1 && value <= 8 ? (int)value : 1;
}

/* The first directory alone is looked at, and in it one entry: whatever else a block claims to hold
 * costs nothing. */
static int find_orientation(const struct tiff *t)
{
    if (t->size < 8 || get_16(t, 2) != 42)
        return 1;
    size_t directory = get_32(t, 4);
    if (directory > t->size - 2)
        return 1;
    size_t n = get_16(t, directory), room = (t->size - directory - 2) / ENTRY_BYTES;
    for (size_t i = 0; i < n && i < room; i++) {
        size_t at = directory + 2 + i * ENTRY_BYTES;
        if (get_16(t, at) == TAG_ORIENTATION)
            return entry_value(t, at);
    }
    return 1;
}

int orientation_from_exif(const uint8_t *exif, size_t size)
{
    static const char header[6] = "Exif\0"; /* in JPEG, not in PNG */
    struct tiff t = {.at = exif, .size = size};

    if (size >= sizeof header && memcmp(exif, header, sizeof header) == 0)
        t = (struct tiff){.at = exif + sizeof header, .size = size - sizeof header};
    if (t.size < 2 || (memcmp(t.at, "II", 2) != 0 && memcmp(t.at, "MM", 2) != 0))
        return 1;
    t.little_endian = t.at[0] == 'I';
    return find_orientation(&t);
}

/* Where the walk begins and how it goes: out(x, y) = in(start + x * right + y * down), counted in
 * pixels of the stored image. */
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

enum status orientation_turn_resized(uint8_t *rgb, int side, int orientation, struct error *err)
{
    size_t n_bytes = 3 * (size_t)side * (size_t)side;
    struct walk w = plan_walk(orientation, side);
    uint8_t *in;

    if (orientation == 1)
        return STATUS_OK;
    in = memory_array(n_bytes, 1, "image", err);
    if (!in)
        return err->status;
    memcpy(in, rgb, n_bytes);
    for (int y = 0; y < side; y += TILE)
        for (int x = 0; x < side; x += TILE)
            walk_tile(rgb, in, &w, side, x, y);
    free(in);
    return STATUS_OK;
}
