/* What was probably meant by the path of a file that is not there. */
#ifndef DATA_PATH_HINT_H
#define DATA_PATH_HINT_H

#include "base/error.h"

/* Puts a hint behind the message of err when nothing is at `path` but something at a path that is
 * written a little otherwise: spaces around a name, backslashes, "file://", accents composed in
 * another way, upper and lower case. Else err stays as it is. */
void path_hint(struct error *err, const char *path);

#endif
