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

static enum status read_picture(struct square *out, int side, const char *path,
                                const struct image_limits *limits, struct error *err)
{
    uint8_t *bytes = NULL;
    size_t n_bytes;
    enum status status = files_read(&bytes, &n_bytes, path, max_file_bytes(limits), err);
    if (status)
        return status; /* names the path */
    status = image_decode_square(out->rgb, &out->aspect, side, bytes, n_bytes, limits, err);
    free(bytes);
    return status ? error_prefix(err, "%s", path) : STATUS_OK;
}

/* The picture from the disk cache, or NULL; *keyed: it has a key to be stored under. */
static const struct square *recall(struct picture_key *key, bool *keyed, const char *path,
                                   struct cache *cache)
{
    *keyed = cache && cache_disk(cache) && picture_key_of(key, path);
    return *keyed ? disk_cache_find(cache_disk(cache), key) : NULL;
}

/* Into the disk cache, unless the file has changed since before it was read. */
static const struct square *keep(const struct picture_key *key, const char *path,
                                 struct cache *cache, const struct square *picture)
{
    struct picture_key now;
    return picture_key_of(&now, path) && picture_key_equal(key, &now)
               ? disk_cache_store(cache_disk(cache), key, picture)
               : NULL;
}

enum status picture_fetch(const struct square **out, struct square *scratch,
                          const struct dataset *d, int row, struct cache *cache, int side,
                          const struct image_limits *limits, struct error *err)
{
    const struct sample *sample = dataset_sample(d, row);
    struct picture_key key;
    bool keyed;
    if (cache && (*out = cache_find(cache, row)))
        return STATUS_OK;
    const struct square *kept = recall(&key, &keyed, sample->path, cache);
    if (!kept) {
        enum status status = read_picture(scratch, side, sample->path, limits, err);
        if (status)
            return sample->line ? error_prefix(err, "%s:%d", dataset_path(d), sample->line)
                                : status;
        kept = keyed ? keep(&key, sample->path, cache, scratch) : NULL;
    }
    *out = kept ? kept : scratch;
    if (kept)
        cache_point(cache, row, kept);
    else if (cache)
        cache_store(cache, row, scratch); /* with a disk it has no room: decoded again next time */
    return STATUS_OK;
}
