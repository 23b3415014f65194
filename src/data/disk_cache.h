/* Resized images in a file that runs share, one after the other or at the same time.
 *
 * The file is a row of slots of equal size that is only ever appended to. A slot begins with the
 * key of its image and a checksum over key and image; a slot whose checksum is not right (torn
 * by a kill, a power cut or a full disk, or damaged later) is as good as not there, and its image
 * is decoded and appended again. So nothing needs to be synchronised for safety, and the folder may
 * be deleted at any time. Everything that shapes pixels and is not in an image's key is in the
 * file's name. */
#ifndef DATA_DISK_CACHE_H
#define DATA_DISK_CACHE_H

#include "base/error.h"
#include "data/image_key.h"
#include "data/resized_image.h"
#include "image/image.h"
#include "image/image_fit.h"

#include <stdbool.h>
#include <stddef.h>

struct disk_cache;
/* *out = $XDG_CACHE_HOME/atk-train or ~/.cache/atk-train; the caller frees it. */
enum status disk_cache_default_folder(char **out, struct error *err);
/* Opens or makes the file for such images in a folder, which is made as well. */
/* Name of the file: all that shapes pixels, but for the image itself. */
enum { DISK_CACHE_NAME_BYTES = 160 };
void disk_cache_name(char out[DISK_CACHE_NAME_BYTES], const struct image_fit *fit,
                     const struct image_limits *limits);
enum status disk_cache_open(struct disk_cache **out, const char *folder,
                            const struct image_fit *fit, const struct image_limits *limits,
                            struct error *err);
/* The same for records of another kind, of so many bytes each. */
enum status disk_cache_open_records(struct disk_cache **out, const char *folder, const char *name,
                                    size_t record_bytes, struct error *err);
/* Any thread may call these two. *out (resized_image_bytes(fit->size), or record_bytes) = the image
 * of that key; false: not there, or not whole, and *out is undefined. */
bool disk_cache_find(struct disk_cache *d, void *out, const struct image_key *key);
void disk_cache_store(struct disk_cache *d, const struct image_key *key, const void *image);
/* Why images are no longer stored (disk full, ...): a failure with that message, or STATUS_OK.
 * Finding goes on. */
enum status disk_cache_trouble(struct disk_cache *d, struct error *err);
const char *disk_cache_path(const struct disk_cache *d); /* borrowed */
void disk_cache_close(struct disk_cache *d);             /* NULL is fine */

#endif
