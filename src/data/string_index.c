/* Open addressing with linear probing, at most half full. Slots hold numbers instead of pointers,
 * so that the strings can live in one block that grows. */
#include "data/string_index.h"

#include "base/hash.h"
#include "base/memory.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A final mix, since the low bits alone choose the slot. */
static uint64_t hash(const char *key)
{
    uint64_t h = hash_text(HASH_START, key);
    return h ^ (h >> 32);
}

/* The slot that holds `key`, or the empty one where it belongs. */
static size_t probe(const struct string_index *index, const char *key)
{
    size_t mask = index->n_slots - 1;
    size_t at = hash(key) & mask;
    while (index->slot[at] >= 0 && strcmp(string_index_get(index, index->slot[at]), key) != 0)
        at = (at + 1) & mask;
    return at;
}

static enum status grow_slots(struct string_index *index, struct error *err)
{
    size_t n_slots = index->n_slots ? 2 * index->n_slots : 16;
    int *slot = memory_array(n_slots, sizeof *slot, "a table of strings", err);
    if (!slot)
        return err->status;
    free(index->slot);
    index->slot = slot;
    index->n_slots = n_slots;
    for (size_t i = 0; i < n_slots; i++)
        index->slot[i] = -1;
    for (int i = 0; i < index->n; i++)
        index->slot[probe(index, string_index_get(index, i))] = i;
    return STATUS_OK;
}

static enum status make_room(struct string_index *index, size_t n_bytes, struct error *err)
{
    char *text = memory_grown(index->text, &index->text_capacity, index->text_used + n_bytes, 1,
                              "strings", err);
    if (!text)
        return err->status;
    index->text = text;
    size_t *start = memory_grown(index->start, &index->start_capacity, (size_t)index->n + 1,
                                 sizeof *start, "strings", err);
    if (!start)
        return err->status;
    index->start = start;
    return STATUS_OK;
}

enum status string_index_add(struct string_index *index, int *number, const char *key,
                             struct error *err)
{
    if ((size_t)index->n >= index->n_slots / 2 && grow_slots(index, err) != STATUS_OK)
        return err->status;
    size_t at = probe(index, key);
    if (index->slot[at] >= 0) {
        *number = index->slot[at];
        return STATUS_OK;
    }
    if (index->n == INT_MAX)
        return error_set(err, "more than %d different strings", INT_MAX);
    size_t n_bytes = strlen(key) + 1;
    if (make_room(index, n_bytes, err) != STATUS_OK)
        return err->status;
    memcpy(index->text + index->text_used, key, n_bytes);
    index->start[index->n] = index->text_used;
    index->text_used += n_bytes;
    index->slot[at] = *number = index->n++;
    return STATUS_OK;
}

int string_index_find(const struct string_index *index, const char *key)
{
    return index->n_slots ? index->slot[probe(index, key)] : -1;
}

const char *string_index_get(const struct string_index *index, int number)
{
    return index->text + index->start[number];
}

void string_index_free(struct string_index *index)
{
    free(index->text);
    free(index->start);
    free(index->slot);
    *index = (struct string_index){0};
}
