/* One name for each image file, however its path is written ("a.jpg", "./a.jpg", "../x/a.jpg"):
 * the folder as realpath() gives it (by its text alone where it is not there), and the file's name.
 * Symbolic links are followed for folders only, unless asked for: one look at each folder is cheap
 * with a million rows, one at each file is not. */
#ifndef DATA_IDENTITY_H
#define DATA_IDENTITY_H

#include "base/error.h"
#include "data/string_index.h"

#include <stdbool.h>
#include <stddef.h>

/* Plain; all zero is ready for use. */
struct identity {
    bool follows_links;         /* to files, too */
    struct string_index folder; /* as written */
    char **resolved;            /* [folder.n] */
    char *name;                 /* the last answer */
    size_t resolved_capacity, name_capacity;
};

/* *out = the name of the file at `path`, which need not exist; valid until the next call. */
enum status identity_resolve(struct identity *identity, const char **out, const char *path,
                             struct error *err);
void identity_free(struct identity *identity);

#endif
