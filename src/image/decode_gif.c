/* giflib's calls for one record after the other: DGifSlurp would keep every image of the file. */
#include "image/decode_gif.h"

#ifndef ATK_GIF

enum status decode_gif(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    (void)rows, (void)bytes, (void)size, (void)limits;
    return error_set(err, "a GIF file; this atk-train was built without giflib (apt install "
                          "libgif-dev and build again, or convert FILE FILE.png)");
}

#else

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

/* All zero is fine to free. */
struct reader {
    GifFileType *gif;
    const uint8_t *at;
    size_t left;
    int width, height; /* of the canvas */
    int transparent;   /* an index; NO_TRANSPARENT_COLOR: none */
    uint8_t *indices;  /* a row of the image, or all of an interlaced one */
    struct rows *rows;
    const struct image_limits *limits;
    struct error *err;
};

static int on_read(GifFileType *gif, GifByteType *out, int n)
{
    struct reader *r = gif->UserData;
    size_t given = (size_t)n < r->left ? (size_t)n : r->left;

    memcpy(out, r->at, given);
    r->at += given;
    r->left -= given;
    return (int)given;
}

static enum status damaged(struct reader *r, int code)
{
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM)
        return error_set(r->err, "out of memory: giflib");
    const char *why = GifErrorString(code);
    return error_set(r->err, "a GIF file that cannot be decoded: %s",
                     why ? why : "it is truncated or damaged");
}

/* ---- what stands in front of the first image ---- */

static enum status read_extension(struct reader *r)
{
    GraphicsControlBlock control;
    GifByteType *data;
    int code;

    if (DGifGetExtension(r->gif, &code, &data) == GIF_ERROR)
        return damaged(r, r->gif->Error);
    while (data) {
        if (code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(data[0], data + 1, &control) == GIF_OK)
            r->transparent = control.TransparentColor;
        if (DGifGetExtensionNext(r->gif, &data) == GIF_ERROR)
            return damaged(r, r->gif->Error);
    }
    return STATUS_OK;
}

static enum status find_image(struct reader *r)
{
    GifRecordType kind;

    do {
        if (DGifGetRecordType(r->gif, &kind) == GIF_ERROR)
            return damaged(r, r->gif->Error);
        if (kind == TERMINATE_RECORD_TYPE)
            return error_set(r->err, "a GIF file that cannot be decoded: it holds no image");
        if (kind == EXTENSION_RECORD_TYPE && read_extension(r) != STATUS_OK)
            return r->err->status;
    } while (kind != IMAGE_DESC_RECORD_TYPE);
    if (DGifGetImageDesc(r->gif) == GIF_ERROR)
        return damaged(r, r->gif->Error);
    const GifImageDesc *image = &r->gif->Image;
    if (image->Width < 1 || image->Height < 1)
        return error_set(r->err, "a GIF file that cannot be decoded: an image of %d x %d pixels",
                         image->Width, image->Height);
    int right = image->Left + image->Width, bottom = image->Top + image->Height;
    r->width = r->gif->SWidth > right ? r->gif->SWidth : right;
    r->height = r->gif->SHeight > bottom ? r->gif->SHeight : bottom;
    return image_check_size(r->width, r->height, r->limits, r->err);
}

/* ---- pixels ---- */

static enum status put_index(struct reader *r, uint8_t *rgb, int index)
{
    const ColorMapObject *map = r->gif->Image.ColorMap ? r->gif->Image.ColorMap : r->gif->SColorMap;

    if (!map) {
        memset(rgb, index, 3);
        return STATUS_OK;
    }
    if (index >= map->ColorCount)
        return error_set(r->err, "a GIF file that cannot be decoded: colour %d of a palette of %d",
                         index, map->ColorCount);
    const GifColorType *colour = &map->Colors[index];
    rgb[0] = colour->Red;
    rgb[1] = colour->Green;
    rgb[2] = colour->Blue;
    return STATUS_OK;
}

static enum status read_row(struct reader *r, uint8_t *indices)
{
    if (DGifGetLine(r->gif, indices, r->gif->Image.Width) == GIF_ERROR)
        return damaged(r, r->gif->Error);
    return STATUS_OK;
}

static enum status read_interlaced(struct reader *r)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    size_t width = (size_t)r->gif->Image.Width;

    for (int pass = 0; pass < 4; pass++)
        for (int y = first[pass]; y < r->gif->Image.Height; y += step[pass])
            if (read_row(r, r->indices + (size_t)y * width) != STATUS_OK)
                return r->err->status;
    return STATUS_OK;
}

/* indices: the image's row at this height of the canvas; NULL: it has none. */
static enum status put_row(struct reader *r, const uint8_t *indices)
{
    const GifImageDesc *image = &r->gif->Image;
    uint8_t *rgb = rows_next(r->rows), beside[3] = {0};
    int fill = r->transparent == NO_TRANSPARENT_COLOR ? 0 : r->transparent;

    if ((!indices || image->Width < r->width) && put_index(r, beside, fill) != STATUS_OK)
        return r->err->status;
    for (int x = 0; x < r->width; x++, rgb += 3) {
        if (!indices || x < image->Left || x >= image->Left + image->Width)
            memcpy(rgb, beside, 3);
        else if (put_index(r, rgb, indices[x - image->Left]) != STATUS_OK)
            return r->err->status;
    }
    rows_push(r->rows);
    return STATUS_OK;
}

static enum status read_pixels(struct reader *r)
{
    const GifImageDesc *image = &r->gif->Image;
    const struct rows_source source = {r->width, r->height, r->width, r->height};
    size_t width = (size_t)image->Width;

    r->indices = memory_array(width, image->Interlace ? (size_t)image->Height : 1, "image", r->err);
    if (!r->indices || rows_begin(r->rows, &source, r->err) != STATUS_OK)
        return r->err->status;
    if (image->Interlace && read_interlaced(r) != STATUS_OK)
        return r->err->status;
    for (int y = 0; y < r->height; y++) {
        bool has_row = y >= image->Top && y < image->Top + image->Height;
        size_t row = image->Interlace && has_row ? (size_t)(y - image->Top) : 0;

        if (has_row && !image->Interlace && read_row(r, r->indices) != STATUS_OK)
            return r->err->status;
        if (put_row(r, has_row ? r->indices + row * width : NULL) != STATUS_OK)
            return r->err->status;
    }
    return STATUS_OK;
}

static enum status read_image(struct reader *r)
{
    int code = 0;

    r->gif = DGifOpen(r, on_read, &code);
    if (!r->gif)
        return damaged(r, code);
    return find_image(r) == STATUS_OK ? read_pixels(r) : r->err->status;
}

enum status decode_gif(struct rows *rows, const uint8_t *bytes, size_t size,
                       const struct image_limits *limits, struct error *err)
{
    struct reader r = {.at = bytes,
                       .left = size,
                       .transparent = NO_TRANSPARENT_COLOR,
                       .rows = rows,
                       .limits = limits,
                       .err = err};

    rows->found = 1;
    enum status status = read_image(&r);
    if (r.gif)
        DGifCloseFile(r.gif, NULL);
    free(r.indices);
    return status;
}

#endif
