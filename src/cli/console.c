/* Other lines are printed where the bar stood: it is erased first and comes back at its next turn.
 * The bar has no colours, so NO_COLOR is respected by having nothing to switch off. */
#include "cli/console.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST_BAR = 4, WIDEST_BAR = 40 };
static const double seconds_between_drawings = 0.1;

static void open_on(struct console *c, const char *program, bool quiet, bool is_terminal)
{
    const char *terminal = getenv("TERM");

    *c = (struct console){.program = program, .quiet = quiet};
    c->has_bar = !quiet && is_terminal && isatty(STDERR_FILENO) &&
                 !(terminal && strcmp(terminal, "dumb") == 0);
}

void console_open(struct console *c, const char *program, bool quiet)
{
    open_on(c, program, quiet, isatty(STDOUT_FILENO));
}

void console_open_beside_table(struct console *c, const char *program, bool quiet,
                               bool table_goes_to_output)
{
    open_on(c, program, quiet, !table_goes_to_output || !isatty(STDOUT_FILENO));
}

static void erase_bar(struct console *c)
{
    if (!c->visible)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    c->visible = false;
}

void console_flush(struct console *c)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    clearerr(stdout);
    if (c->closed || c->write_error)
        return;
    if (errno == EPIPE || errno == EIO) {
        c->closed = true;
        console_warn(c, "nobody reads standard output any more; going on without it");
    } else {
        c->write_error = errno;
        console_warn(c, "cannot write to standard output: %s", strerror(errno));
    }
}

/* Labels and names come from files. What does not fit is cut when there is no memory for it. */
static void put_text(FILE *stream, const char *format, va_list arguments)
{
    char some[1024], *text = some;
    va_list again;

    va_copy(again, arguments);
    int n = vsnprintf(some, sizeof some, format, arguments);
    if (n >= (int)sizeof some) {
        text = malloc((size_t)n + 1);
        if (text)
            vsnprintf(text, (size_t)n + 1, format, again);
        else
            text = some;
    }
    va_end(again);
    text_make_printable(text);
    fputs(text, stream);
    if (text != some)
        free(text);
}

void console_print(struct console *c, const char *format, ...)
{
    va_list arguments;

    if (c->quiet || c->closed)
        return;
    erase_bar(c);
    va_start(arguments, format);
    put_text(stdout, format, arguments);
    va_end(arguments);
    console_flush(c);
}

void console_warn(struct console *c, const char *format, ...)
{
    va_list arguments;

    erase_bar(c);
    fprintf(stderr, "%s: warning: ", c->program);
    va_start(arguments, format);
    put_text(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void console_error(struct console *c, const char *message)
{
    erase_bar(c);
    fprintf(stderr, "%s: %s\n", c->program, message);
}

/* ---- the bar ---- */

void console_bar_start(struct console *c, const char *label, const char *unit, long first,
                       long total, double seconds)
{
    erase_bar(c);
    snprintf(c->label, sizeof c->label, "%s", label);
    snprintf(c->unit, sizeof c->unit, "%s", unit);
    c->first = first;
    c->total = total;
    c->started = clock_seconds() - seconds;
    c->drawn = 0;
}

static int terminal_width(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void put_time(char *out, size_t size, double seconds)
{
    long whole = (long)(seconds + 0.5);

    if (whole >= 3600)
        snprintf(out, size, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(out, size, "%02ld:%02ld", whole / 60, whole % 60);
}

static void put_bar(int width, double share)
{
    int full = (int)(share * width + 1e-9);

    for (int i = 0; i < width; i++)
        fputc(i < full ? '#' : '.', stderr);
}

static void draw(struct console *c, long n, const char *figures, double now)
{
    char elapsed[32], remaining[32] = "?", left[96], right[160];
    double seconds = now - c->started;
    double share = c->total > 0 ? (double)n / (double)c->total : 1;
    double rate = seconds > 0 ? (double)(n - c->first) / seconds : 0;

    put_time(elapsed, sizeof elapsed, seconds);
    if (rate > 0)
        put_time(remaining, sizeof remaining, (double)(c->total - n) / rate);
    snprintf(left, sizeof left, "%s: %3.0f%%|", c->label, 100 * share);
    snprintf(right, sizeof right, "| %ld/%ld [%s<%s, %.1f %s/s%s%s]", n, c->total, elapsed,
             remaining, rate, c->unit, *figures ? ", " : "", figures);
    /* The last column stays free: some terminals wrap when it is written. */
    int space = terminal_width() - 1;
    int bar = space - (int)strlen(left) - (int)strlen(right);
    bar = bar > WIDEST_BAR ? WIDEST_BAR : bar;
    fputs("\r\033[K", stderr);
    if (bar >= NARROWEST_BAR) {
        fputs(left, stderr);
        put_bar(bar, share);
        fputs(right, stderr);
    } else {
        char line[sizeof left + sizeof right];
        snprintf(line, sizeof line, "%s%s", left, right);
        fprintf(stderr, "%.*s", space, line);
    }
    fflush(stderr);
    c->visible = true;
}

void console_bar(struct console *c, long n, const char *figures)
{
    double now = clock_seconds();

    if (!c->has_bar || (now - c->drawn < seconds_between_drawings && n < c->total))
        return;
    draw(c, n, figures, now);
    c->drawn = now;
}

void console_bar_done(void *context, int n_done, int n_total)
{
    (void)n_total;
    console_bar(context, n_done, "");
}

void console_bar_end(struct console *c)
{
    erase_bar(c);
}
