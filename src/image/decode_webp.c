/* The container is libwebpdemux's: it checks every length and the frames' places in the canvas, and
 * gives nothing of a file that is cut short. */
#include "image/decode_webp.h"

#ifndef ATK_WEBP

enum status decode_webp(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err)
{
    (void)rows, (void)bytes, (void)size, (void)limits;
    return error_set(err, "a WebP file; this atk-train was built without libwebp (apt install "
                          "libwebp-dev and build again, or convert FILE FILE.png)");
}

#else

#include "base/memory.h"
#include "image/orientation.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/* All zero is fine to free. */
struct reader {
    WebPDemuxer *demuxer;
    WebPIterator frame;
    uint8_t *pixels; /* [frame.height, frame.width, 3] */
    int width, height;
    struct rows *rows;
    const struct image_limits *limits;
    struct error *err;
};

static enum status damaged(struct error *err, const char *why)
{
    return error_set(err, "a WebP file that cannot be decoded: %s", why);
}

static void find_orientation(struct reader *r)
{
    WebPChunkIterator exif;

    if (r->limits->apply_exif && WebPDemuxGetChunk(r->demuxer, "EXIF", 1, &exif)) {
        r->rows->found = orientation_from_exif(exif.chunk.bytes, exif.chunk.size);
        WebPDemuxReleaseChunkIterator(&exif);
    }
    r->rows->orientation = r->rows->found;
}

static enum status find_frame(struct reader *r, const uint8_t *bytes, size_t size)
{
    const WebPData data = {bytes, size};

    r->demuxer = WebPDemux(&data);
    if (!r->demuxer)
        return damaged(r->err, "it is truncated or damaged");
    r->width = (int)WebPDemuxGetI(r->demuxer, WEBP_FF_CANVAS_WIDTH);
    r->height = (int)WebPDemuxGetI(r->demuxer, WEBP_FF_CANVAS_HEIGHT);
    if (!WebPDemuxGetFrame(r->demuxer, 1, &r->frame) || r->width < 1 || r->height < 1 ||
        r->frame.x_offset < 0 || r->frame.width > r->width - r->frame.x_offset ||
        r->frame.y_offset < 0 || r->frame.height > r->height - r->frame.y_offset)
        return damaged(r->err, "it holds no image");
    return image_check_size(r->width, r->height, r->limits, r->err);
}

static enum status decode_frame(struct reader *r)
{
    WebPDecoderConfig config;
    size_t row_bytes = 3 * (size_t)r->frame.width, n = row_bytes * (size_t)r->frame.height;

    /* What the container says of the frame is compared with what the frame says of itself. */
    if (!WebPInitDecoderConfig(&config))
        return damaged(r->err, "libwebp is another version than the one built with");
    if (WebPGetFeatures(r->frame.fragment.bytes, r->frame.fragment.size, &config.input) !=
            VP8_STATUS_OK ||
        config.input.width != r->frame.width || config.input.height != r->frame.height)
        return damaged(r->err, "its frame is not of the size that it says");
    r->pixels = memory_array(n, 1, "image", r->err);
    if (!r->pixels)
        return r->err->status;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = r->pixels;
    config.output.u.RGBA.stride = (int)row_bytes;
    config.output.u.RGBA.size = n;
    switch (WebPDecode(r->frame.fragment.bytes, r->frame.fragment.size, &config)) {
    case VP8_STATUS_OK:
        return STATUS_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return error_memory(r->err, n, "libwebp");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return damaged(r->err, "its data ends too soon");
    default:
        return damaged(r->err, "its data is damaged");
    }
}

static void push_canvas(struct reader *r)
{
    const WebPIterator *frame = &r->frame;
    size_t frame_row = 3 * (size_t)frame->width;

    for (int y = 0; y < r->height; y++) {
        uint8_t *row = rows_next(r->rows);
        bool in_frame = y >= frame->y_offset && y < frame->y_offset + frame->height;

        if (!in_frame || frame->width < r->width)
            memset(row, 0, 3 * (size_t)r->width);
        if (in_frame)
            memcpy(row + 3 * (size_t)frame->x_offset,
                   r->pixels + (size_t)(y - frame->y_offset) * frame_row, frame_row);
        rows_push(r->rows);
    }
}

static enum status read_image(struct reader *r, const uint8_t *bytes, size_t size)
{
    if (find_frame(r, bytes, size) != STATUS_OK)
        return r->err->status;
    find_orientation(r);
    const struct rows_source source = {r->width, r->height, r->width, r->height};
    if (decode_frame(r) != STATUS_OK || rows_begin(r->rows, &source, r->err) != STATUS_OK)
        return r->err->status;
    push_canvas(r);
    return STATUS_OK;
}

enum status decode_webp(struct rows *rows, const uint8_t *bytes, size_t size,
                        const struct image_limits *limits, struct error *err)
{
    struct reader r = {.rows = rows, .limits = limits, .err = err};

    rows->found = 1;
    enum status status = read_image(&r, bytes, size);
    WebPDemuxReleaseIterator(&r.frame);
    WebPDemuxDelete(r.demuxer);
    free(r.pixels);
    return status;
}

#endif
