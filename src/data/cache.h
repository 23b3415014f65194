/* Squares of one side (data/square), one slot for each row of a data set: kept in memory,
 * or in a disk cache that the slots point into.
 *
 * Any thread may look up and store at any time. Which pictures find room depends on the order in
 * which threads come; what a picture's bytes are does not. */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include "base/error.h"
#include "data/disk_cache.h"
#include "data/square.h"

#include <stdbool.h>
#include <stddef.h>

struct cache;
/* Holds pictures of up to budget_bytes in all (rows beyond it are simply not kept), and 8 bytes for
 * each row. Memory is taken picture by picture; a failing allocation later only means that the
 * picture is not kept. */
enum status cache_create(struct cache **out, int n_rows, int side, size_t budget_bytes,
                         struct error *err);
/* The same over a disk cache, which outlives it. */
enum status cache_create_on_disk(struct cache **out, int n_rows, int side, struct disk_cache *disk,
                                 struct error *err);
struct disk_cache *cache_disk(const struct cache *c); /* NULL: in memory */
/* NULL if not there; valid until cache_destroy. */
const struct square *cache_find(const struct cache *c, int row);
void cache_store(struct cache *c, int row, const struct square *picture); /* the first one stays */
/* The picture is in the disk cache: cache_find gives it from now on. */
void cache_point(struct cache *c, int row, const struct square *picture);
size_t cache_bytes(const struct cache *c); /* of the pictures held in memory */
void cache_destroy(struct cache *c);       /* NULL is fine */

#endif
