/* Resized images of one side (data/resized_image), one for each row of a data set: kept in memory,
 * or in a disk cache of which it is remembered under which key each row is there.
 *
 * Any thread may look up and store at any time. Which images find room depends on the order in
 * which threads come; what an image's bytes are does not. */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include "base/error.h"
#include "data/disk_cache.h"
#include "data/image_key.h"
#include "data/resized_image.h"

#include <stdbool.h>
#include <stddef.h>

struct cache;
/* Holds images of up to budget_bytes in all (rows beyond it are simply not kept), and 8 bytes for
 * each row. Memory is taken image by image; a failing allocation later only means that the
 * image is not kept. */
enum status cache_create(struct cache **out, int n_rows, int side, size_t budget_bytes,
                         struct error *err);
/* The same over a disk cache, which outlives it. */
enum status cache_create_on_disk(struct cache **out, int n_rows, struct disk_cache *disk,
                                 struct error *err);
struct disk_cache *cache_disk(const struct cache *c); /* NULL: in memory */
/* In memory: NULL if not there (on the disk always); valid until cache_destroy. The first one that
 * is stored stays. */
const struct resized_image *cache_find(const struct cache *c, int row);
void cache_store(struct cache *c, int row, const struct resized_image *image);
/* On the disk: the key under which the row's image was found, so that its file need not be looked
 * at again in each epoch; false: none yet. The first one that is remembered stays. */
bool cache_key(const struct cache *c, struct image_key *key, int row);
void cache_remember(struct cache *c, int row, const struct image_key *key);
void cache_destroy(struct cache *c); /* NULL is fine */

#endif
