/* Text as JSON strings (RFC 8259), for the headers of safetensors files: jansson spells a line end
 * in another way, and the same weights are to be the same bytes. (All else: io/json_write.) */
#ifndef IO_JSON_TEXT_H
#define IO_JSON_TEXT_H

#include <stdio.h>

/* text in quotes, with escapes. Bytes that are not UTF-8, and so cannot be in JSON, become U+FFFD;
 * who cannot bear that asks utf8_valid() first. */
void json_text_put(FILE *stream, const char *text);

#endif
