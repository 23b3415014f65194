/* A text in memory that stdio writes. (glibc's open_memstream drops what it has no memory for, sets
 * no ferror(), and may end with fclose() saying 0 and the text NULL.) */
#ifndef BASE_TEXT_STREAM_H
#define BASE_TEXT_STREAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

/* Stays where it is between open and close. */
struct text_stream {
    FILE *stream; /* write here; NULL: not open */
    char *text;
    size_t size, capacity;
};

enum status text_stream_open(struct text_stream *t, const char *what, struct error *err);
/* *text = what was written, a zero byte behind it that *size (NULL: not asked) does not count; the
 * caller frees it. On failure *text is NULL. Nothing of t is left in any case. */
enum status text_stream_close(char **text, size_t *size, struct text_stream *t, const char *what,
                              struct error *err);
void text_stream_discard(struct text_stream *t); /* a zeroed or closed one is fine */

#endif
