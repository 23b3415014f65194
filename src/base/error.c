/* A message that does not fit is cut at a character's end and marked with "...". Control characters
 * in it come from files and names (a label, a tensor's name) and become "?": the message is one
 * line and does nothing to a terminal. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Called when snprintf wanted more than the buffer holds. Stays clear of half a UTF-8 character. */
static void mark_cut(char *message, size_t capacity)
{
    size_t end = capacity - sizeof "...";
    while (end > 0 && ((unsigned char)message[end] & 0xC0) == 0x80)
        end--;
    memcpy(message + end, "...", sizeof "...");
}

static void format_message(struct error *err, const char *format, va_list arguments)
{
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    if (length >= (int)sizeof err->message)
        mark_cut(err->message, sizeof err->message);
    for (char *at = err->message; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
}

enum status error_set(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
    va_end(arguments);
    return err->status = STATUS_FAILED;
}

enum status error_usage(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
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
    int reason = errno; /* before anything below can change it */
    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
    va_end(arguments);

    char text[128];
    size_t length = strlen(err->message), room = sizeof err->message - length;
    /* GNU strerror_r: thread-safe, may return a constant string of its own instead of text. */
    const char *why = strerror_r(reason, text, sizeof text);
    if (snprintf(err->message + length, room, ": %s", why) >= (int)room)
        mark_cut(err->message, sizeof err->message);
    return err->status = STATUS_FAILED;
}

enum status error_prefix(struct error *err, const char *format, ...)
{
    char rest[sizeof err->message];
    memcpy(rest, err->message, sizeof rest);

    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
    va_end(arguments);

    size_t length = strlen(err->message), room = sizeof err->message - length;
    if (snprintf(err->message + length, room, ": %s", rest) >= (int)room)
        mark_cut(err->message, sizeof err->message);
    return err->status;
}
