/* What getopt_long refuses, as a usage error: the same words for both programs. */
#ifndef CLI_GETOPT_ERROR_H
#define CLI_GETOPT_ERROR_H

#include "base/error.h"

/* Values of long options begin here, beyond any letter, so that optopt tells both apart. */
enum { GETOPT_ERROR_FIRST_LONG = 1000 };

/* code: '?' (unknown, or a value for an option that takes none) or ':' (the value is missing), as
 * getopt_long has just returned it with a list whose every value is at least FIRST_LONG. suggest
 * gives the long option that was probably meant, or NULL. */
enum status getopt_error(int code, char *const *argv, const char *program,
                         const char *(*suggest)(const char *word), struct error *err);

#endif
