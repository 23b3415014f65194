/* What may be meant by a label that is no class, for messages. */
#ifndef DATA_LABEL_HINT_H
#define DATA_LABEL_HINT_H

#include "data/class_list.h"

#include <stdbool.h>

enum { LABEL_HINT_BYTES = 512 };

/* Whether a reader sees how two different labels differ, also when they are one number. */
bool label_hint_differ_visibly(const char *a, const char *b);
/* Where two labels that look the same begin to differ: "U+0065 U+0301 here, U+00E9 there". */
void label_hint_difference(char out[LABEL_HINT_BYTES], const char *here, const char *there);
/* "; did you mean ...": the class that differs from it by a slip (data/label_key), or whose number
 * it may be; "" if there is none. */
void label_hint(char out[LABEL_HINT_BYTES], const char *label, const struct class_list *classes);

#endif
