/* A list of paths, from arguments, folders and files that hold one on each line. */
#ifndef DATA_PATH_LIST_H
#define DATA_PATH_LIST_H

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

enum { PATH_LIST_MOST_BYTES = 4095 }; /* of one path: PATH_MAX with its zero byte */

/* Plain; all zero is an empty list. */
struct path_list {
    char **path; /* [n], owned */
    int n;
    size_t capacity;
};
/* Appends a copy. */
enum status path_list_add(struct path_list *list, const char *path, struct error *err);
/* Appends what the stream holds: paths that end with `end`, a line feed or a zero byte; the last
 * one need not. Empty ones do not count. Before line feeds a carriage return, and at the beginning
 * a UTF-8 byte order mark, are dropped. name is for messages.
 *
 * Errors (name:line): a path of more than PATH_LIST_MOST_BYTES, a zero byte in a line, a stream
 * that cannot be read. */
enum status path_list_read(struct path_list *list, FILE *stream, char end, const char *name,
                           struct error *err);
void path_list_free(struct path_list *list); /* leaves it empty */

#endif
