/* Which labels are meant to be the same although their bytes differ. Two labels are the same in
 * that sense when their keys are equal; a key is text for machines and shown to nobody. */
#ifndef DATA_LABEL_KEY_H
#define DATA_LABEL_KEY_H

#include "base/error.h"

enum label_key_kind {
    /* Nobody sees the difference: how accents are composed (NFC, NFD), which space it is (no-break,
     * thin), characters without width. And one whole number, or one decimal fraction with the same
     * decimals, in two spellings: 1, 01, +1, 1.0. */
    LABEL_KEY_EXACT,
    /* A reader takes one for a slip of the other: upper and lower case (but for labels of a single
     * character, which may be the letters themselves), white space within, underscores for spaces,
     * dashes and quotes that look alike, wide and narrow forms, 1.5 and 1.50. Whatever has equal
     * exact keys has equal ones here. */
    LABEL_KEY_ALIKE
};

/* Of a label that is UTF-8. The caller frees it; NULL: err says why. */
char *label_key(const char *label, enum label_key_kind kind, struct error *err);

#endif
