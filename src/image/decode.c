/* One row for each kind, in the order in which they are asked. */
#include "image/decode.h"

#include "image/decode_bmp.h"
#include "image/decode_gif.h"
#include "image/decode_jpeg.h"
#include "image/decode_png.h"
#include "image/decode_tiff.h"
#include "image/decode_webp.h"

#include <string.h>

typedef enum status decoder(struct rows *rows, const uint8_t *bytes, size_t size,
                            const struct image_limits *limits, struct error *err);

/* Two bytes are enough to call it JPEG: a file cut right behind them is then reported as a
 * truncated JPEG, which is what it is. */
static const struct {
    size_t at;
    const char *magic;
    size_t n_magic;
    decoder *decode;
} kinds[] = {
    {0, "\xff\xd8", 2, decode_jpeg}, {0, "\x89PNG\r\n\x1a\n", 8, decode_png},
    {8, "WEBP", 4, decode_webp},     {0, "GIF8", 4, decode_gif},
    {0, "II*\0", 4, decode_tiff},    {0, "MM\0*", 4, decode_tiff},
    {0, "II+\0", 4, decode_tiff}, /* BigTIFF */
    {0, "MM\0+", 4, decode_tiff},    {0, "BM", 2, decode_bmp},
};

/* Formats that people have, and that are not read here. */
static const struct {
    size_t at;
    const char *magic, *name, *convert;
} others[] = {
    {4, "ftypavif", "AVIF", "apt install libavif-bin; avifdec FILE FILE.png"},
    {4, "ftypavis", "AVIF", "apt install libavif-bin; avifdec FILE FILE.png"},
    {4, "ftyphei", "HEIC", "apt install libheif-examples; heif-convert FILE FILE.jpg"},
    {4, "ftyphev", "HEIC", "apt install libheif-examples; heif-convert FILE FILE.jpg"},
    {4, "ftypmif1", "HEIC", "apt install libheif-examples; heif-convert FILE FILE.jpg"},
    {4, "ftypmsf1", "HEIC", "apt install libheif-examples; heif-convert FILE FILE.jpg"},
    {0, "\xff\x0a", "JPEG XL", "apt install libjxl-tools; djxl FILE FILE.png"},
    {4, "JXL \r\n", "JPEG XL", "apt install libjxl-tools; djxl FILE FILE.png"},
    {4, "jP  \r\n", "JPEG 2000", "convert FILE FILE.png"},
    {0, "8BPS", "Photoshop", "convert FILE FILE.png"},
    {0, "%PDF-", "PDF", "convert FILE FILE.png"},
    {0, "<svg", "SVG", "convert FILE FILE.png"},
};

static bool holds(const uint8_t *bytes, size_t size, size_t at, const char *magic, size_t n)
{
    return size >= at + n && memcmp(bytes + at, magic, n) == 0;
}

/* Shows the first bytes, readable where they can be read: "<!DOCTYPE" or "version https" of a Git
 * LFS pointer tell the user what the file really is. */
static enum status refuse(const uint8_t *bytes, size_t size, struct error *err)
{
    char shown[17] = "";

    if (size == 0)
        return error_set(err, "file is empty, expected an image");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = strlen(others[i].magic);
        if (holds(bytes, size, others[i].at, others[i].magic, n))
            return error_set(err, "a %s file, which is not read: it has to be converted (%s)",
                             others[i].name, others[i].convert);
    }
    for (size_t i = 0; i < size && i < sizeof shown - 1; i++)
        shown[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
    return error_set(err, "neither JPEG nor PNG, WebP, GIF, TIFF, BMP: the file begins with \"%s\"",
                     shown);
}

enum status decode_any(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (holds(bytes, size, kinds[i].at, kinds[i].magic, kinds[i].n_magic))
            return kinds[i].decode(rows, bytes, size, limits, err);
    return refuse(bytes, size, err);
}
