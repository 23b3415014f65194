/* The picture of one row as resized bytes: from the cache, or read, decoded, resized and put there.
 */
#ifndef DATA_PICTURE_H
#define DATA_PICTURE_H

#include "base/error.h"
#include "data/cache.h"
#include "data/dataset.h"
#include "image/image.h"

#include <stdint.h>

/* *out = the picture [size, size, 3], either in `scratch` (of that size) or in the cache, which may
 * be NULL. Any number of threads may fetch at once. Errors: "csv:line: path: reason", without
 * "csv:line" for a data set that has no CSV. */
enum status picture_fetch(const uint8_t **out, uint8_t *scratch, const struct dataset *d, int row,
                          struct cache *cache, int size, const struct image_limits *limits,
                          struct error *err);

#endif
