/* The way from one folder to another. */
#ifndef BASE_RELATIVE_PATH_H
#define BASE_RELATIVE_PATH_H

#include "base/error.h"

/* *out = what the paths of files in folder `to` begin with, seen from folder `from`, both free of
 * links: "../a/", or "" where they are one folder. The caller frees it. Errors: a folder that is
 * not there. */
enum status relative_path_find(char **out, const char *from, const char *to, struct error *err);

#endif
