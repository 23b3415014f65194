#include "cli/stop_signal.h"

#include <stddef.h>

volatile sig_atomic_t stop_signal;

static void note_signal(int number)
{
    if (stop_signal == 0)
        stop_signal = number;
}

void stop_signal_catch(void)
{
    struct sigaction action = {.sa_handler = note_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    struct sigaction hangup;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags = SA_RESTART;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
