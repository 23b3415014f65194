/* Chooses the decoder by the first bytes, then turns the image upright. */
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

/* Formats that people have, and that are not read here. */
static const char *other_format(const uint8_t *bytes, size_t size)
{
    static const struct {
        size_t at;
        const char *magic, *name;
    } known[] = {
        {8, "WEBP", "WebP"},        {0, "GIF8", "GIF"},         {0, "BM", "BMP"},
        {4, "ftypavif", "AVIF"},    {4, "ftypavis", "AVIF"},    {4, "ftyphei", "HEIC"},
        {4, "ftyphev", "HEIC"},     {4, "ftypmif1", "HEIC"},    {4, "ftypmsf1", "HEIC"},
        {0, "\xff\x0a", "JPEG XL"}, {4, "JXL \r\n", "JPEG XL"}, {4, "jP  \r\n", "JPEG 2000"},
        {0, "8BPS", "Photoshop"},   {0, "%PDF-", "PDF"},        {0, "<svg", "SVG"},
    };
    if (size > 4 && (memcmp(bytes, "II*\0", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0))
        return "TIFF"; /* or a camera's raw data, which begins so, too */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].magic);
        if (size >= known[i].at + n && memcmp(bytes + known[i].at, known[i].magic, n) == 0)
            return known[i].name;
    }
    return NULL;
}

/* Shows the first bytes, readable where they can be read: "GIF89a", "<!DOCTYPE", "RIFF....WEBP",
 * or "version https" of a Git LFS pointer tell the user what the file really is. */
static enum status refuse_unknown(const uint8_t *bytes, size_t size, struct error *err)
{
    char shown[17] = "";

    if (size == 0)
        return error_set(err, "file is empty, expected a JPEG or PNG image");
    const char *format = other_format(bytes, size);
    if (format)
        return error_set(err,
                         "a %s file, and neither JPEG nor PNG: it has to be converted (convert "
                         "FILE FILE.png)",
                         format);
    for (size_t i = 0; i < size && i < sizeof shown - 1; i++)
        shown[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
    return error_set(err, "neither JPEG nor PNG: the file begins with \"%s\"", shown);
}

static enum status decode(struct rows *rows, const uint8_t *bytes, size_t size,
                          const struct image_limits *limits, struct error *err)
{
    if (is_jpeg(bytes, size))
        return decode_jpeg(rows, bytes, size, limits, err);
    if (is_png(bytes, size))
        return decode_png(rows, bytes, size, limits, err);
    return refuse_unknown(bytes, size, err);
}

static enum status fill_resized(struct rows *rows, const uint8_t *bytes, size_t size,
                                const struct image_limits *limits, struct error *err)
{
    enum status status = decode(rows, bytes, size, limits, err);

    if (status == STATUS_OK)
        status = rows_end(rows, err);
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
