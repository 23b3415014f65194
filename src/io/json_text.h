/* Text as JSON strings (RFC 8259), for what is written in JSON: file headers, summaries. */
#ifndef IO_JSON_TEXT_H
#define IO_JSON_TEXT_H

#include <stdio.h>

/* text in quotes, with escapes. Bytes that are not UTF-8, and so cannot be in JSON, become U+FFFD;
 * who cannot bear that asks utf8_valid() first. */
void json_text_put(FILE *stream, const char *text);

#endif
