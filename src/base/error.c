/* Of a message that does not fit the middle is cut out and "..." put in its place: what it begins
 * with (a file, a line) and what it ends with (the reason) stay, and a long path or label between
 * them goes. Control characters in it come from files and names (a label, a tensor's name) and
 * become "?": the message is one line and does nothing to a terminal. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a character has begun before text[0]: a cut here would split it. */
static bool goes_on(const char *text)
{
    return ((unsigned char)text[0] & 0xC0) == 0x80;
}

/* text[length] has at least the message's capacity. */
static void cut_middle(struct error *err, const char *text, size_t length)
{
    static const char dots[] = "...";
    size_t kept = sizeof err->message - sizeof dots, begin = kept / 2;
    size_t end = length - (kept - begin);
    for (int i = 0; i < 3 && goes_on(text + begin); i++)
        begin--;
    for (int i = 0; i < 3 && goes_on(text + end); i++)
        end++;
    memcpy(err->message, text, begin);
    memcpy(err->message + begin, dots, sizeof dots - 1);
    memcpy(err->message + begin + sizeof dots - 1, text + end, length - end + 1);
}

/* The message: what the format gives, and behind it `rest`, which is no part of *err. */
static void compose(struct error *err, const char *rest, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int printed = vsnprintf(err->message, sizeof err->message, format, arguments);
    size_t head = printed > 0 ? (size_t)printed : 0, length = head + strlen(rest);
    if (length < sizeof err->message) {
        strcpy(err->message + head, rest);
    } else {
        char *whole = malloc(length + 1);
        if (whole) { /* else the beginning has to do */
            vsnprintf(whole, head + 1, format, again);
            strcpy(whole + head, rest);
            cut_middle(err, whole, length);
        }
        free(whole);
    }
    va_end(again);
    for (char *at = err->message; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
}

enum status error_set(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    compose(err, "", format, arguments);
    va_end(arguments);
    return err->status = STATUS_FAILED;
}

enum status error_usage(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    compose(err, "", format, arguments);
    va_end(arguments);
    return err->status = STATUS_USAGE;
}

enum status error_memory(struct error *err, size_t bytes, const char *what)
{
    if (bytes == SIZE_MAX)
        return error_set(err, "out of memory: the size of %s does not fit in memory", what);
    return error_set(err, "out of memory: no %zu bytes for %s", bytes, what);
}

enum status error_errno(struct error *err, const char *format, ...)
{
    char text[128], rest[128 + 2];
    /* GNU strerror_r: thread-safe, may return a constant string of its own instead of text. */
    snprintf(rest, sizeof rest, ": %s", strerror_r(errno, text, sizeof text));
    va_list arguments;
    va_start(arguments, format);
    compose(err, rest, format, arguments);
    va_end(arguments);
    return err->status = STATUS_FAILED;
}

enum status error_prefix(struct error *err, const char *format, ...)
{
    char rest[sizeof err->message + 2];
    snprintf(rest, sizeof rest, ": %s", err->message);
    va_list arguments;
    va_start(arguments, format);
    compose(err, rest, format, arguments);
    va_end(arguments);
    return err->status;
}
