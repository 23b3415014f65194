#include "data/image_fetch.h"

#include "base/files.h"
#include "base/hash.h"
#include "data/path_hint.h"

#include "image/image_decode.h"
#include "image/image_depth.h"
#include "image/image_frames.h"

#include <stdatomic.h>
#include <stdlib.h>

/* The largest file worth reading: four bytes a pixel (8-bit RGBA that did not compress), and room
 * for metadata. */
static size_t max_file_bytes(const struct image_limits *limits)
{
    return ((size_t)16 << 20) + 4 * (size_t)limits->max_pixels;
}

/* A copy is told by 64 bits: of a million files two others agree in one case of 37 million. */
static uint64_t content_of(const uint8_t *bytes, size_t size)
{
    uint64_t lane[4] = {size, 1, 2, 3};
    hash_lanes(lane, bytes, size);
    return hash_lanes_join(lane);
}

static void note_bytes(const struct image_limits *limits, size_t bytes)
{
    size_t most = limits->most_bytes ? *limits->most_bytes : SIZE_MAX;
    while (bytes > most && !atomic_compare_exchange_weak(limits->most_bytes, &most, bytes))
        continue;
}

static enum status read_image(struct resized_image *out, const struct image_fit *fit,
                              const char *path, const struct image_limits *limits,
                              struct error *err)
{
    uint8_t *bytes = NULL;
    size_t n_bytes;
    if (files_read(&bytes, &n_bytes, path, max_file_bytes(limits), err) != STATUS_OK)
        return err->status; /* names the path */
    note_bytes(limits, n_bytes + image_decode_memory(bytes, n_bytes));
    enum status status =
        image_decode_resized(out->rgb, &out->aspect, fit, bytes, n_bytes, limits, err);
    out->content = content_of(bytes, n_bytes);
    out->traits = (image_depth_is_16(bytes, n_bytes) ? RESIZED_IMAGE_16_BIT : 0) |
                  (image_frames_are_several(bytes, n_bytes) ? RESIZED_IMAGE_SEVERAL : 0);
    free(bytes);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, "%s", path);
}

static enum status read_row(struct resized_image *out, const struct dataset *d, int row,
                            const struct image_fit *fit, const struct image_limits *limits,
                            struct error *err)
{
    const struct sample *sample = dataset_sample(d, row);
    if (read_image(out, fit, sample->path, limits, err) == STATUS_OK)
        return STATUS_OK;
    path_hint(err, sample->path);
    return sample->line ? error_prefix(err, "%s:%d", dataset_path(d), sample->line) : err->status;
}

/* Through the disk cache, which keeps it unless the file has changed since before it was read. */
static enum status fetch_over_disk(struct resized_image *out, const struct dataset *d, int row,
                                   struct cache *cache, const struct image_fit *fit,
                                   const struct image_limits *limits, struct error *err)
{
    const char *path = dataset_sample(d, row)->path;
    struct disk_cache *disk = cache_disk(cache);
    struct image_key key, now;
    bool keyed = cache_key(cache, &key, row) || image_key_of(&key, path);
    if (keyed && disk_cache_find(disk, out, &key)) {
        cache_remember(cache, row, &key);
        return STATUS_OK;
    }
    if (read_row(out, d, row, fit, limits, err) != STATUS_OK)
        return err->status;
    if (keyed && image_key_of(&now, path) && image_key_equal(&key, &now))
        disk_cache_store(disk, &key, out);
    return STATUS_OK;
}

enum status image_fetch(const struct resized_image **out, struct resized_image *scratch,
                        const struct dataset *d, int row, struct cache *cache,
                        const struct image_fit *fit, const struct image_limits *limits,
                        struct error *err)
{
    const struct resized_image *kept = cache ? cache_find(cache, row) : NULL;
    *out = kept ? kept : scratch;
    if (kept)
        return STATUS_OK;
    if (cache && cache_disk(cache))
        return fetch_over_disk(scratch, d, row, cache, fit, limits, err);
    if (read_row(scratch, d, row, fit, limits, err) != STATUS_OK)
        return err->status;
    if (cache)
        cache_store(cache, row, scratch);
    return STATUS_OK;
}
