/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* The number of bytes (1..4) of the character at text, and the character in *code; 0 when the bytes
 * there are not UTF-8. text is not at its end. */
int utf8_decode(uint32_t *code, const char *text);
bool utf8_valid(const char *text);

/* A copy in which each byte that is not UTF-8 has become U+FFFD; the caller frees it. NULL: no
 * memory. */
char *utf8_repaired(const char *text);

#endif
