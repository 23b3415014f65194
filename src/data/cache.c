/* A picture is written in full before its pointer is published (release), and whoever sees the
 * pointer (acquire) sees the picture. Room is reserved before it is allocated, so that the budget
 * holds at every instant, whatever the threads do. */
#include "data/cache.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct cache {
    int n_rows;
    size_t picture_bytes, budget;
    atomic_size_t used;
    struct disk_cache *disk;              /* owns the pictures; NULL: the slots do */
    _Atomic(const struct square *) *slot; /* [n_rows] */
};

enum status cache_create(struct cache **out, int n_rows, int side, size_t budget_bytes,
                         struct error *err)
{
    struct cache *c;
    *out = NULL;
    enum status status = memory_alloc((void **)&c, 1, sizeof *c, "the picture cache", err);
    if (status)
        return status;
    c->n_rows = n_rows;
    c->picture_bytes = square_bytes(side);
    c->budget = budget_bytes;
    atomic_init(&c->used, 0);
    status =
        memory_alloc((void **)&c->slot, (size_t)n_rows, sizeof *c->slot, "the picture cache", err);
    if (status) {
        free(c);
        return status;
    }
    for (int i = 0; i < n_rows; i++)
        atomic_init(&c->slot[i], NULL);
    *out = c;
    return STATUS_OK;
}

enum status cache_create_on_disk(struct cache **out, int n_rows, int side, struct disk_cache *disk,
                                 struct error *err)
{
    enum status status = cache_create(out, n_rows, side, 0, err);
    if (!status)
        (*out)->disk = disk;
    return status;
}

struct disk_cache *cache_disk(const struct cache *c)
{
    return c->disk;
}

const struct square *cache_find(const struct cache *c, int row)
{
    return atomic_load_explicit(&c->slot[row], memory_order_acquire);
}

static bool reserve(struct cache *c)
{
    size_t used = atomic_load_explicit(&c->used, memory_order_relaxed);
    do {
        if (c->budget - used < c->picture_bytes)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&c->used, &used, used + c->picture_bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void cache_store(struct cache *c, int row, const struct square *picture)
{
    if (cache_find(c, row) || !reserve(c))
        return;
    struct square *copy = malloc(c->picture_bytes);
    const struct square *none = NULL;
    if (copy)
        memcpy(copy, picture, c->picture_bytes);
    if (!copy || !atomic_compare_exchange_strong_explicit(
                     &c->slot[row], &none, copy, memory_order_release, memory_order_relaxed)) {
        /* No memory, or another thread was first with the same row. */
        free(copy);
        atomic_fetch_sub_explicit(&c->used, c->picture_bytes, memory_order_relaxed);
    }
}

void cache_point(struct cache *c, int row, const struct square *picture)
{
    atomic_store_explicit(&c->slot[row], picture, memory_order_release);
}

size_t cache_bytes(const struct cache *c)
{
    return atomic_load_explicit(&c->used, memory_order_relaxed);
}

void cache_destroy(struct cache *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->n_rows && !c->disk; i++)
        free((void *)atomic_load_explicit(&c->slot[i], memory_order_relaxed));
    free((void *)c->slot);
    free(c);
}
