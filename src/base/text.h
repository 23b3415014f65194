/* What is asked of texts in more than one place. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>

/* Whether text is something with `end` behind it: "a.yaml" ends in ".yaml", ".yaml" does not. */
bool text_ends_in(const char *text, const char *end);

#endif
