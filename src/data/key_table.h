/* Where the image of a key is: a hash table from key to slot number. A later slot of the same key
 * takes the place of an earlier one, which was found damaged. */
#ifndef DATA_KEY_TABLE_H
#define DATA_KEY_TABLE_H

#include "base/error.h"
#include "data/image_key.h"

#include <stdbool.h>
#include <stddef.h>

/* Plain; all zero is an empty table. */
struct key_table {
    struct key_table_entry *entry; /* [size], size a power of two, at most half full */
    size_t size, n;
};
enum status key_table_put(struct key_table *t, const struct image_key *key, size_t slot,
                          struct error *err);
bool key_table_get(const struct key_table *t, const struct image_key *key, size_t *slot);
void key_table_free(struct key_table *t);

#endif
