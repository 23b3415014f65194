#include "cli/stop_signal.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 2 };

volatile sig_atomic_t stop_signal;
static const char *_Atomic last_words; /* NULL: the program ends by itself */
static bool (*waits)(void);

static void note_signal(int number)
{
    if (stop_signal == 0)
        stop_signal = number;
    alarm(PATIENCE_SECONDS);
}

static void end(int number)
{
    const char *words = atomic_load(&last_words);
    (void)number;
    if (!words && !(waits && waits())) {
        alarm(PATIENCE_SECONDS);
        return;
    }
    if (!words)
        words = "interrupted while an image was read again; what was saved last stays\n";
    ssize_t written = write(STDERR_FILENO, words, strlen(words));
    (void)written; /* nobody is left to be told */
    _exit(128 + stop_signal);
}

void stop_signal_may_end(const char *message)
{
    atomic_store(&last_words, message);
}

void stop_signal_ends_where(bool (*reads)(void))
{
    waits = reads;
}

void stop_signal_catch(void)
{
    struct sigaction action = {.sa_handler = note_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    const struct sigaction late = {.sa_handler = end, .sa_flags = SA_RESTART};
    struct sigaction hangup;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &late, NULL);
    action.sa_flags = SA_RESTART;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
