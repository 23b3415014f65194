/* Chooses the decoder by the first bytes, then turns the picture upright. */
#include "image/image_decode.h"

#include "image/decode_jpeg.h"
#include "image/decode_png.h"
#include "image/orientation.h"
#include "image/rows.h"

#include <string.h>

static bool begins_with(const uint8_t *bytes, size_t size, const char *magic, size_t n)
{
    return size >= n && memcmp(bytes, magic, n) == 0;
}

/* Two bytes are enough to call it JPEG: a file cut right behind them is then reported as a
 * truncated JPEG, which is what it is. */
static bool is_jpeg(const uint8_t *bytes, size_t size)
{
    return begins_with(bytes, size, "\xff\xd8", 2);
}

static bool is_png(const uint8_t *bytes, size_t size)
{
    return begins_with(bytes, size, "\x89PNG\r\n\x1a\n", 8);
}

/* Shows the first bytes, readable where they can be read: "GIF89a", "<!DOCTYPE", "RIFF....WEBP",
 * or "version https" of a Git LFS pointer tell the user what the file really is. */
static enum status refuse_unknown(const uint8_t *bytes, size_t size, struct error *err)
{
    char shown[17] = "";

    if (size == 0)
        return error_set(err, "file is empty, expected a JPEG or PNG picture");
    for (size_t i = 0; i < size && i < sizeof shown - 1; i++)
        shown[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
    return error_set(err, "neither JPEG nor PNG: the file begins with \"%s\"", shown);
}

static enum status decode(struct rows *rows, int *orientation, const uint8_t *bytes, size_t size,
                          const struct image_limits *limits, struct error *err)
{
    if (is_jpeg(bytes, size))
        return decode_jpeg(rows, orientation, bytes, size, limits, err);
    if (is_png(bytes, size))
        return decode_png(rows, orientation, bytes, size, limits, err);
    return refuse_unknown(bytes, size, err);
}

/* Turning a square result is turning the picture before: the resize treats both directions alike.
 */
enum status image_decode_square(uint8_t *rgb, double *aspect, int side, const uint8_t *bytes,
                                size_t size, const struct image_limits *limits, struct error *err)
{
    struct rows rows = {.side = side, .resized = rgb};
    int orientation = 1;
    enum status status = decode(&rows, &orientation, bytes, size, limits, err);

    resize_destroy(rows.resize);
    if (status != STATUS_OK)
        return status;
    if (aspect)
        *aspect = orientation_swaps_sides(orientation) ? 1 / rows.aspect : rows.aspect;
    return orientation_turn_square(rgb, side, orientation, err);
}
