/* Written with pwrite and read with pread, which report a full disk and a file that was cut short;
 * through a map both would be SIGBUS.
 *
 * Which key is where is kept in memory (data/key_table): filled from the slots' heads at the start,
 * and again before each append, as other processes append too. The file lock is held for that and
 * to take a place, not while an image is written. */
#include "data/disk_cache.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/key_table.h"
#include "image/image_decode.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Slots begin at multiples of 64 KiB, the largest page size in use. What is not written is a hole
 * and takes no room on the disk. */
enum { SLOT_UNIT = 65536, RECORD_UNIT = 64 };

/* Goes up whenever a slot is laid out in another way. */
enum { LAYOUT_VERSION = 3 };

/* Before the image in its slot. */
struct head {
    struct image_key key;
    uint64_t checksum;
};
_Static_assert(sizeof(struct head) == 24 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "heads and images are written as they are in memory");

struct disk_cache {
    char *path;
    int fd;
    size_t image_bytes, slot_bytes;

    pthread_mutex_t lock; /* over all that follows */
    struct key_table table;
    size_t n_known; /* slots that the table knows */
    struct error trouble;
};

/* The key comes in, so that a slot cannot pass for another. */
static uint64_t checksum_of(const struct image_key *key, const void *image, size_t n)
{
    uint64_t lane[4] = {key->half[0], key->half[1], n, 0x6a09e667f3bcc909u};
    hash_lanes(lane, image, n);
    return hash_lanes_join(lane);
}

enum status disk_cache_default_folder(char **out, struct error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && cache[0] == '/') /* the standard: others are to be ignored */
        return files_join(out, cache, "atk-train", err);
    if (home && home[0])
        return files_join(out, home, ".cache/atk-train", err);
    *out = NULL;
    return error_set(err, "--cache disk: neither XDG_CACHE_HOME nor HOME is set; use --cache-dir");
}

/* Squashed and bilinear ones go without a word, so that caches of before there was a choice are
 * still found. */
void disk_cache_name(char out[DISK_CACHE_NAME_BYTES], const struct image_fit *fit,
                     const struct image_limits *limits)
{
    char resize[32] = "";
    if (fit->resize == IMAGE_FIT_CROP)
        snprintf(resize, sizeof resize, "-crop%d", image_fit_short_side(fit));
    if (fit->resize == IMAGE_FIT_LETTERBOX)
        snprintf(resize, sizeof resize, "-letterbox");
    snprintf(out, DISK_CACHE_NAME_BYTES, "%d%s%s-%s-%s-%" PRId64 ".v%d.%d", fit->size, resize,
             fit->interpolation == IMAGE_FIT_BICUBIC ? "-bicubic" : "",
             limits->apply_exif ? "exif" : "stored", image_jpeg_scale_name[limits->jpeg_scale],
             limits->max_pixels, LAYOUT_VERSION, IMAGE_RESIZED_VERSION);
}

/* False: the file does not hold so many bytes there, or cannot be read; errno is 0 or says why. */
static bool read_at(const struct disk_cache *d, void *bytes, size_t n, size_t offset)
{
    for (char *at = bytes; n > 0;) {
        errno = 0;
        ssize_t got = pread(d->fd, at, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
        offset += (size_t)got;
    }
    return true;
}

/* Adds the slots that have come since the last time. With the lock held. */
static enum status learn(struct disk_cache *d, struct error *err)
{
    struct stat info;
    if (fstat(d->fd, &info) != 0)
        return error_errno(err, "cannot read %s", d->path);
    size_t n = (size_t)info.st_size / d->slot_bytes;
    if (d->n_known > n) /* somebody has cut the file short, and what comes now is new */
        d->n_known = n;
    for (; d->n_known < n; d->n_known++) {
        struct head head;
        if (!read_at(d, &head, sizeof head, d->n_known * d->slot_bytes)) {
            if (errno)
                return error_errno(err, "cannot read %s", d->path);
            break; /* cut short just now */
        }
        if (head.checksum == 0) /* taken, and not or not yet written */
            continue;
        if (key_table_put(&d->table, &head.key, d->n_known, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status open_file(struct disk_cache *d, const char *folder, struct error *err)
{
    bool existed;
    if (files_make_directory(folder, &existed, err) != STATUS_OK)
        return err->status;
    d->fd = open(d->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return d->fd < 0 ? error_errno(err, "cannot open %s", d->path) : learn(d, err);
}

static enum status open_records(struct disk_cache **out, const char *folder, const char *name,
                                size_t record_bytes, size_t unit, struct error *err)
{
    struct disk_cache *d = memory_array(1, sizeof *d, "the image cache", err);
    *out = NULL;
    if (!d)
        return err->status;
    d->fd = -1;
    d->image_bytes = record_bytes;
    d->slot_bytes = (sizeof(struct head) + record_bytes + unit - 1) / unit * unit;
    pthread_mutex_init(&d->lock, NULL);
    if (files_join(&d->path, folder, name, err) != STATUS_OK ||
        open_file(d, folder, err) != STATUS_OK) {
        disk_cache_close(d);
        return err->status;
    }
    *out = d;
    return STATUS_OK;
}

enum status disk_cache_open(struct disk_cache **out, const char *folder,
                            const struct image_fit *fit, const struct image_limits *limits,
                            struct error *err)
{
    char name[DISK_CACHE_NAME_BYTES];
    disk_cache_name(name, fit, limits);
    return open_records(out, folder, name, resized_image_bytes(fit->size), SLOT_UNIT, err);
}

enum status disk_cache_open_records(struct disk_cache **out, const char *folder, const char *name,
                                    size_t record_bytes, struct error *err)
{
    return open_records(out, folder, name, record_bytes, RECORD_UNIT, err);
}

bool disk_cache_find(struct disk_cache *d, void *out, const struct image_key *key)
{
    struct head head;
    size_t slot;
    pthread_mutex_lock(&d->lock);
    bool known = key_table_get(&d->table, key, &slot);
    pthread_mutex_unlock(&d->lock);
    if (!known)
        return false;
    size_t at = slot * d->slot_bytes;
    return read_at(d, &head, sizeof head, at) && image_key_equal(&head.key, key) &&
           read_at(d, out, d->image_bytes, at + sizeof head) &&
           head.checksum == checksum_of(key, out, d->image_bytes);
}

static void give_up(struct disk_cache *d, const struct error *err)
{
    pthread_mutex_lock(&d->lock);
    if (d->trouble.status == STATUS_OK)
        d->trouble = *err;
    pthread_mutex_unlock(&d->lock);
}

/* A new place at the end, zero so far. With the file locked. */
static enum status append_place(struct disk_cache *d, size_t *slot, struct error *err)
{
    struct stat info;
    if (fstat(d->fd, &info) != 0)
        return error_errno(err, "cannot read %s", d->path);
    /* A part of a slot at the end is what a file that was cut off has left. */
    *slot = ((size_t)info.st_size + d->slot_bytes - 1) / d->slot_bytes;
    if (ftruncate(d->fd, (off_t)((*slot + 1) * d->slot_bytes)) != 0)
        return error_errno(err, "cannot write %s", d->path);
    return STATUS_OK;
}

/* *slot = a new place, unless another process has stored the key since: *other. */
static enum status take_place(struct disk_cache *d, size_t *slot, bool *other,
                              const struct image_key *key, struct error *err)
{
    size_t before = d->n_known;
    while (flock(d->fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return error_errno(err, "cannot lock %s", d->path);
    enum status status = learn(d, err);
    *other = status == STATUS_OK && key_table_get(&d->table, key, slot) && *slot >= before &&
             *slot < d->n_known;
    if (status == STATUS_OK && !*other)
        status = append_place(d, slot, err);
    flock(d->fd, LOCK_UN);
    return status;
}

static enum status write_at(struct disk_cache *d, const void *bytes, size_t n, size_t offset,
                            struct error *err)
{
    for (const char *at = bytes; n > 0;) {
        ssize_t written = pwrite(d->fd, at, n, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_errno(err, "cannot write %s", d->path);
        at += written;
        n -= (size_t)written;
        offset += (size_t)written;
    }
    return STATUS_OK;
}

/* The head last, so that who reads it while this goes on finds no checksum. */
static enum status write_slot(struct disk_cache *d, size_t slot, const struct image_key *key,
                              const void *image, struct error *err)
{
    const struct head head = {*key, checksum_of(key, image, d->image_bytes)};
    size_t at = slot * d->slot_bytes;
    if (write_at(d, image, d->image_bytes, at + sizeof head, err) != STATUS_OK ||
        write_at(d, &head, sizeof head, at, err) != STATUS_OK)
        return err->status;
    pthread_mutex_lock(&d->lock);
    enum status status = key_table_put(&d->table, key, slot, err);
    pthread_mutex_unlock(&d->lock);
    return status;
}

void disk_cache_store(struct disk_cache *d, const struct image_key *key, const void *image)
{
    struct error err;
    bool other = false;
    size_t slot = 0;

    if (disk_cache_trouble(d, &err) != STATUS_OK)
        return;
    pthread_mutex_lock(&d->lock);
    enum status status = take_place(d, &slot, &other, key, &err);
    pthread_mutex_unlock(&d->lock);
    if (status == STATUS_OK && !other)
        status = write_slot(d, slot, key, image, &err);
    if (status != STATUS_OK)
        give_up(d, &err);
}

enum status disk_cache_trouble(struct disk_cache *d, struct error *err)
{
    pthread_mutex_lock(&d->lock);
    if (d->trouble.status != STATUS_OK)
        *err = d->trouble;
    enum status status = d->trouble.status;
    pthread_mutex_unlock(&d->lock);
    return status;
}

const char *disk_cache_path(const struct disk_cache *d)
{
    return d->path;
}

void disk_cache_close(struct disk_cache *d)
{
    if (!d)
        return;
    if (d->fd >= 0)
        close(d->fd);
    pthread_mutex_destroy(&d->lock);
    key_table_free(&d->table);
    free(d->path);
    free(d);
}
