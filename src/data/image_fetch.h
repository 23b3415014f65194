/* The image of one row, resized: from the cache, or read, decoded, resized and put there.
 */
#ifndef DATA_IMAGE_FETCH_H
#define DATA_IMAGE_FETCH_H

#include "base/error.h"
#include "data/cache.h"
#include "data/dataset.h"
#include "data/resized_image.h"
#include "image/image.h"
#include "image/image_fit.h"

/* *out = the image as the fit says, either in `scratch` (resized_image_bytes(fit->size)) or in the
 * cache's memory; cache may be NULL. Any number of threads may fetch at once. Errors: "csv:line:
 * path: reason", without "csv:line" for a data set that has no CSV. */
enum status image_fetch(const struct resized_image **out, struct resized_image *scratch,
                        const struct dataset *d, int row, struct cache *cache,
                        const struct image_fit *fit, const struct image_limits *limits,
                        struct error *err);

#endif
