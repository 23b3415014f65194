/* What tells whether a picture file is still the one that was read before: its real path, its size
 * and its time stamp to the nanosecond, as 128 bits. */
#ifndef DATA_PICTURE_KEY_H
#define DATA_PICTURE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture_key {
    uint64_t half[2];
};
/* False for what has no lasting key: a file that is not there or not regular, and one so young that
 * it may be written to again under the same time stamp. */
bool picture_key_of(struct picture_key *out, const char *path);
/* Makes it the key of what becomes of the picture in company of these bytes. From one that is
 * zeroed it is the key of the bytes alone. */
void picture_key_add(struct picture_key *key, const void *bytes, size_t n);
bool picture_key_equal(const struct picture_key *a, const struct picture_key *b);

#endif
