/* Signals that ask a program to come to an orderly end. */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* 0, or the first of SIGINT, SIGTERM and SIGHUP that came: what polls it ends soon, and the exit
 * status is 128 + this. */
extern volatile sig_atomic_t stop_signal;

/* A second SIGINT or SIGTERM of its kind ends the program at once. A second SIGHUP does not: when a
 * terminal closes, system and shell send one each. SIGHUP stays ignored where it is (nohup). */
void stop_signal_catch(void);
/* While there is nothing to put in order, a signal ends the program in two seconds, whatever it
 * waits for: a table from a pipe that nobody writes to, a file on a server that does not answer.
 * The message, whose memory stays, is then written to standard error as it is. NULL: from now on
 * there is something. */
void stop_signal_may_end(const char *message);
/* And wherever this says, which a handler may call, that nothing is lost by it. */
void stop_signal_ends_where(bool (*reads)(void));

#endif
