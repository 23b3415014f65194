/* What is asked of texts in more than one place. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>

/* Whether text is something with `end` behind it: "a.yaml" ends in ".yaml", ".yaml" does not. */
bool text_ends_in(const char *text, const char *end);

/* Control characters but line feeds become "?", C1's two bytes two of them: what comes from files
 * does nothing to a terminal. */
void text_make_printable(char *text);

#endif
