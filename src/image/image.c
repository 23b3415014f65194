/* Chooses the decoder by the first bytes, then turns the picture upright. */
#include "image/image.h"

#include "base/memory.h"
#include "image/decode_jpeg.h"
#include "image/decode_png.h"
#include "image/orientation.h"

#include <inttypes.h>
#include <stdlib.h>
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

enum status image_decode(struct image *out, const uint8_t *bytes, size_t size,
                         const struct image_limits *limits, struct error *err)
{
    int orientation = 1;
    enum status status;

    *out = (struct image){0};
    if (is_jpeg(bytes, size))
        status = decode_jpeg(out, &orientation, bytes, size, limits, err);
    else if (is_png(bytes, size))
        status = decode_png(out, &orientation, bytes, size, limits, err);
    else
        status = refuse_unknown(bytes, size, err);
    if (status == STATUS_OK)
        status = orientation_apply(out, orientation, err);
    if (status != STATUS_OK)
        image_free(out);
    return status;
}

enum status image_create(struct image *out, int width, int height, int64_t max_pixels,
                         struct error *err)
{
    int64_t pixels = (int64_t)width * height; /* below 2^62: cannot overflow */
    void *rgb;
    enum status status;

    *out = (struct image){0};
    if (pixels > max_pixels)
        return error_set(err, "picture has %d x %d = %" PRId64 " pixels, more than %" PRId64, width,
                         height, pixels, max_pixels);
    status = memory_alloc(&rgb, (size_t)pixels, 3, "picture", err);
    if (status == STATUS_OK)
        *out = (struct image){.width = width, .height = height, .rgb = rgb};
    return status;
}

void image_free(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}
