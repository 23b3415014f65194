/* Chooses the decoder by the first bytes, then turns the picture upright. */
#include "image/image.h"

#include "base/memory.h"
#include "image/decode_jpeg.h"
#include "image/decode_png.h"
#include "image/orientation.h"
#include "image/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const image_jpeg_scale_name[3] = {"auto", "fast", "off"};

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

enum status image_decode(struct image *out, const uint8_t *bytes, size_t size,
                         const struct image_limits *limits, struct error *err)
{
    struct rows rows = {.side = 0};
    int orientation = 1;
    enum status status = decode(&rows, &orientation, bytes, size, limits, err);

    if (status == STATUS_OK)
        status = orientation_apply(&rows.image, orientation, err);
    if (status != STATUS_OK)
        image_free(&rows.image);
    *out = rows.image;
    return status;
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
    if (status == STATUS_OK && aspect != NULL)
        *aspect = orientation_swaps_sides(orientation) ? 1 / rows.aspect : rows.aspect;
    return status == STATUS_OK ? orientation_turn_square(rgb, side, orientation, err) : status;
}

enum status image_check_size(int width, int height, const struct image_limits *limits,
                             struct error *err)
{
    int64_t pixels = (int64_t)width * height; /* below 2^62: cannot overflow */

    if (pixels > limits->max_pixels)
        return error_set(err, "picture has %d x %d = %" PRId64 " pixels, more than %" PRId64, width,
                         height, pixels, limits->max_pixels);
    return STATUS_OK;
}

enum status image_create(struct image *out, int width, int height, int64_t max_pixels,
                         struct error *err)
{
    const struct image_limits limits = {.max_pixels = max_pixels};
    void *rgb;
    enum status status = image_check_size(width, height, &limits, err);

    *out = (struct image){0};
    if (status == STATUS_OK)
        status = memory_alloc(&rgb, (size_t)width * (size_t)height, 3, "picture", err);
    if (status == STATUS_OK)
        *out = (struct image){.width = width, .height = height, .rgb = rgb};
    return status;
}

void image_free(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}
