/* Resized pictures kept in memory as bytes [size, size, 3], one slot for each row of a data set.
 * Threads may look up and store at once, one writer for each slot. */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;
/* Holds up to budget_bytes in all (rows beyond it are simply not kept). Memory is taken picture by
 * picture; a failing allocation later only means that the picture is not kept. */
enum status cache_create(struct cache **out, int n_rows, int size, size_t budget_bytes,
                         struct error *err);
const uint8_t *cache_find(const struct cache *c,
                          int row); /* NULL if not there; valid until cache_destroy */
void cache_store(struct cache *c, int row, const uint8_t *rgb);
size_t cache_bytes(const struct cache *c);
void cache_destroy(struct cache *c); /* NULL is fine */

#endif
