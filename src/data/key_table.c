/* Open addressing; the key is as good as random, so its low bits are the place. */
#include "data/key_table.h"

#include "base/memory.h"

#include <stdlib.h>

struct key_table_entry {
    struct image_key key;
    size_t slot_plus_1; /* 0: free */
};

static struct key_table_entry *place_of(const struct key_table *t, const struct image_key *key)
{
    size_t i = key->half[0] & (t->size - 1);
    while (t->entry[i].slot_plus_1 && !image_key_equal(&t->entry[i].key, key))
        i = (i + 1) & (t->size - 1);
    return &t->entry[i];
}

static enum status grow(struct key_table *t, struct error *err)
{
    struct key_table larger = {.size = t->size ? 2 * t->size : 64, .n = t->n};
    larger.entry = memory_array(larger.size, sizeof *larger.entry, "the image cache", err);
    if (!larger.entry)
        return err->status;
    for (size_t i = 0; i < t->size; i++)
        if (t->entry[i].slot_plus_1)
            *place_of(&larger, &t->entry[i].key) = t->entry[i];
    free(t->entry);
    *t = larger;
    return STATUS_OK;
}

enum status key_table_put(struct key_table *t, const struct image_key *key, size_t slot,
                          struct error *err)
{
    if (2 * (t->n + 1) > t->size && grow(t, err) != STATUS_OK)
        return err->status;
    struct key_table_entry *entry = place_of(t, key);
    t->n += entry->slot_plus_1 == 0;
    *entry = (struct key_table_entry){*key, slot + 1};
    return STATUS_OK;
}

bool key_table_get(const struct key_table *t, const struct image_key *key, size_t *slot)
{
    if (t->size == 0)
        return false;
    const struct key_table_entry *entry = place_of(t, key);
    if (entry->slot_plus_1 == 0)
        return false;
    *slot = entry->slot_plus_1 - 1;
    return true;
}

void key_table_free(struct key_table *t)
{
    free(t->entry);
    *t = (struct key_table){0};
}
