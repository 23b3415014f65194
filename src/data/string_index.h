/* A set of strings that numbers them 0, 1, 2 ... in the order in which they first come: a hash
 * table, so that a million rows cost a million steps. Plain; all zero is an empty index. */
#ifndef DATA_STRING_INDEX_H
#define DATA_STRING_INDEX_H

#include "base/error.h"

#include <stddef.h>

struct string_index {
    int n;         /* strings held */
    char *text;    /* all of them, each ended by a zero byte */
    size_t *start; /* [n] where each begins in text */
    int *slot;     /* [n_slots] a string's number, or -1; n_slots is a power of two */
    size_t text_used, text_capacity, start_capacity, n_slots;
};

/* *number = that of `key`, which is copied when it is new. After a failure the index is as it was.
 */
enum status string_index_add(struct string_index *index, int *number, const char *key,
                             struct error *err);
int string_index_find(const struct string_index *index, const char *key); /* -1 if absent */
/* 0 <= number < n; valid until the next add. */
const char *string_index_get(const struct string_index *index, int number);
void string_index_free(struct string_index *index); /* leaves it empty */

#endif
