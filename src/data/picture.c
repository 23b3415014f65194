#include "data/picture.h"

#include "base/files.h"
#include "image/resize.h"

#include <stdlib.h>

/* The largest file worth reading: four bytes a pixel (8-bit RGBA that did not compress), and room
 * for metadata. */
static size_t max_file_bytes(const struct image_limits *limits)
{
    return ((size_t)16 << 20) + 4 * (size_t)limits->max_pixels;
}

static enum status decode(struct image *out, const char *path, const struct image_limits *limits,
                          struct error *err)
{
    uint8_t *bytes = NULL;
    size_t size;
    enum status status = files_read(&bytes, &size, path, max_file_bytes(limits), err);
    if (status)
        return status; /* names the path */
    status = image_decode(out, bytes, size, limits, err);
    free(bytes);
    return status ? error_prefix(err, "%s", path) : STATUS_OK;
}

enum status picture_fetch(const uint8_t **out, uint8_t *scratch, const struct dataset *d, int row,
                          struct cache *cache, int size, const struct image_limits *limits,
                          struct error *err)
{
    const struct sample *sample = dataset_sample(d, row);
    struct image image = {0};
    if (cache && (*out = cache_find(cache, row)))
        return STATUS_OK;
    enum status status = decode(&image, sample->path, limits, err);
    if (!status) {
        status = resize_bilinear(scratch, size, &image, err);
        if (status)
            error_prefix(err, "%s", sample->path);
    }
    image_free(&image);
    if (status)
        return sample->line ? error_prefix(err, "%s:%d", dataset_path(d), sample->line) : status;
    if (cache)
        cache_store(cache, row, scratch);
    *out = scratch;
    return STATUS_OK;
}
