/* What atk-train shows: lines on standard output, warnings on standard error, and a progress bar on
 * standard error when both are a terminal. Lines and bar share the screen, so one place knows of
 * both. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdbool.h>

struct console {
    const char *program;
    bool quiet;      /* no lines but result lines */
    bool has_bar;    /* a bar can be shown */
    bool closed;     /* standard output takes nothing any more: its reader has gone */
    int write_error; /* errno of the first failed write to standard output that was not that */
    /* the bar under way */
    char label[48], unit[16];
    long first, total;
    double started, drawn;
    bool visible;
};

/* Whether there is a bar: both streams are a terminal that can move its cursor, and not quiet. */
void console_open(struct console *c, const char *program, bool quiet);
/* The same where standard output is not for lines: there is a bar when standard error is such a
 * terminal, and a table on standard output is not shown on one, too. */
void console_open_beside_table(struct console *c, const char *program, bool quiet,
                               bool table_goes_to_output);

/* A line or several, flushed at once so that `| tee log` is useful. When the reader goes away
 * (`| head`) the run goes on: it is in the run folder, and hours of work are worth more than the
 * lines. That is said once. */
void console_print(struct console *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* For what was written to stdout by other means, quiet or not: flushes it, and notes a failure. */
void console_flush(struct console *c);
void console_warn(struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void console_error(struct console *c, const char *message);

/* tqdm's order: label, percent, bar, n/total, elapsed<remaining, rate, then `figures`. Drawn at
 * most ten times a second, no wider than the terminal. It began `seconds` ago at
 * n = first. */
void console_bar_start(struct console *c, const char *label, const char *unit, long first,
                       long total, double seconds);
void console_bar(struct console *c, long n, const char *figures);
/* console_bar as the event of work that only counts (struct session_events); context: the console
 */
void console_bar_done(void *context, int n_done, int n_total);
void console_bar_end(struct console *c); /* takes it off the screen */

#endif
