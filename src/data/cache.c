/* An image is written in full before its pointer is published (release), and whoever sees the
 * pointer (acquire) sees the image. Room is reserved before it is allocated, so that the budget
 * holds at every instant, whatever the threads do. */
#include "data/cache.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN, BEING_WRITTEN, KNOWN };

struct row_key {
    atomic_int state;
    struct image_key key; /* readable when KNOWN */
};

struct cache {
    int n_rows;
    size_t image_bytes, budget;
    atomic_size_t used;
    _Atomic(const struct resized_image *) *slot; /* [n_rows]; NULL: on the disk */
    struct disk_cache *disk;                     /* NULL: in memory */
    struct row_key *key;                         /* [n_rows] with a disk */
};

static struct cache *create(int n_rows, struct error *err)
{
    struct cache *c = memory_array(1, sizeof *c, "the image cache", err);
    if (c)
        c->n_rows = n_rows;
    return c;
}

/* Zeroed memory is NULL and UNKNOWN. */
enum status cache_create(struct cache **out, int n_rows, int side, size_t budget_bytes,
                         struct error *err)
{
    struct cache *c = create(n_rows, err);
    *out = NULL;
    if (!c)
        return err->status;
    c->image_bytes = resized_image_bytes(side);
    c->budget = budget_bytes;
    c->slot = memory_array((size_t)n_rows, sizeof *c->slot, "the image cache", err);
    if (!c->slot) {
        cache_destroy(c);
        return err->status;
    }
    *out = c;
    return STATUS_OK;
}

enum status cache_create_on_disk(struct cache **out, int n_rows, struct disk_cache *disk,
                                 struct error *err)
{
    struct cache *c = create(n_rows, err);
    *out = NULL;
    if (!c)
        return err->status;
    c->disk = disk;
    c->key = memory_array((size_t)n_rows, sizeof *c->key, "the image cache", err);
    if (!c->key) {
        cache_destroy(c);
        return err->status;
    }
    *out = c;
    return STATUS_OK;
}

struct disk_cache *cache_disk(const struct cache *c)
{
    return c->disk;
}

const struct resized_image *cache_find(const struct cache *c, int row)
{
    return c->slot ? atomic_load_explicit(&c->slot[row], memory_order_acquire) : NULL;
}

static bool reserve(struct cache *c)
{
    size_t used = atomic_load_explicit(&c->used, memory_order_relaxed);
    do {
        if (c->budget - used < c->image_bytes)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&c->used, &used, used + c->image_bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void cache_store(struct cache *c, int row, const struct resized_image *image)
{
    if (cache_find(c, row) || !reserve(c))
        return;
    struct resized_image *copy = malloc(c->image_bytes);
    const struct resized_image *none = NULL;
    if (copy)
        memcpy(copy, image, c->image_bytes);
    if (!copy || !atomic_compare_exchange_strong_explicit(
                     &c->slot[row], &none, copy, memory_order_release, memory_order_relaxed)) {
        /* No memory, or another thread was first with the same row. */
        free(copy);
        atomic_fetch_sub_explicit(&c->used, c->image_bytes, memory_order_relaxed);
    }
}

bool cache_key(const struct cache *c, struct image_key *key, int row)
{
    if (atomic_load_explicit(&c->key[row].state, memory_order_acquire) != KNOWN)
        return false;
    *key = c->key[row].key;
    return true;
}

void cache_remember(struct cache *c, int row, const struct image_key *key)
{
    int unknown = UNKNOWN;
    if (!atomic_compare_exchange_strong(&c->key[row].state, &unknown, BEING_WRITTEN))
        return;
    c->key[row].key = *key;
    atomic_store_explicit(&c->key[row].state, KNOWN, memory_order_release);
}

void cache_destroy(struct cache *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->n_rows && c->slot; i++)
        free((void *)atomic_load_explicit(&c->slot[i], memory_order_relaxed));
    free((void *)c->slot);
    free(c->key);
    free(c);
}
