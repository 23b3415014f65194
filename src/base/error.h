/* Errors are values: a status to return and a struct error that holds one line for the user.
 *
 * The place that knows the reason sets the message; callers on the way up may put context in front
 * with error_prefix(). Nothing below cli/ prints or exits. A message says what, which value and
 * what was expected, and for input files "file:line: ...". It has no full stop at its
 * end, and control characters that come in with a value are replaced by "?".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1, /* data, I/O or memory: exit status 1 */
    STATUS_USAGE = 2,  /* an option, a key or a setting: exit status 2 */
};

struct error {
    enum status status;
    char message[1024]; /* of longer ones the middle becomes "..." */
};

#define ERROR_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Each writes the message and returns the status that it set, so that one can write
 * `return error_set(err, ...)`. err is never NULL. */
enum status error_set(struct error *err, const char *format, ...) ERROR_PRINTF(2, 3);   /* FAILED */
enum status error_usage(struct error *err, const char *format, ...) ERROR_PRINTF(2, 3); /* USAGE */
enum status error_memory(struct error *err, size_t bytes, const char *what);            /* FAILED */
/* As error_set, with ": " and the text of errno's present value behind it. */
enum status error_errno(struct error *err, const char *format, ...) ERROR_PRINTF(2, 3);
/* Puts "prefix: " before the message that err already holds; keeps and returns its status. */
enum status error_prefix(struct error *err, const char *format, ...) ERROR_PRINTF(2, 3);

#endif
