/* What tells whether an image file is still the one that was read before: its real path, its size
 * and its time stamp to the nanosecond, as 128 bits. */
#ifndef DATA_IMAGE_KEY_H
#define DATA_IMAGE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_key {
    uint64_t half[2];
};
/* False for what has no lasting key: a file that is not there or not regular, and one so young that
 * it may be written to again under the same time stamp. */
bool image_key_of(struct image_key *out, const char *path);
/* Makes it the key of what becomes of the image in company of these bytes. From one that is
 * zeroed it is the key of the bytes alone. */
void image_key_add(struct image_key *key, const void *bytes, size_t n);
bool image_key_equal(const struct image_key *a, const struct image_key *b);

#endif
