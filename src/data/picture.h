/* The picture of one row as a square: from the cache, or read, decoded, resized and put there.
 */
#ifndef DATA_PICTURE_H
#define DATA_PICTURE_H

#include "base/error.h"
#include "data/cache.h"
#include "data/dataset.h"
#include "data/square.h"
#include "image/image.h"
#include "image/image_fit.h"

/* *out = the picture as the fit says, either in `scratch` (square_bytes(fit->size)) or in the
 * cache's memory; cache may be NULL. Any number of threads may fetch at once. Errors: "csv:line:
 * path: reason", without "csv:line" for a data set that has no CSV. */
enum status picture_fetch(const struct square **out, struct square *scratch,
                          const struct dataset *d, int row, struct cache *cache,
                          const struct image_fit *fit, const struct image_limits *limits,
                          struct error *err);

#endif
