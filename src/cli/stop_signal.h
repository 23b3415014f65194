/* Signals that ask a program to come to an orderly end. */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

#include <signal.h>

/* 0, or the first of SIGINT, SIGTERM and SIGHUP that came: what polls it ends soon, and the exit
 * status is 128 + this. */
extern volatile sig_atomic_t stop_signal;

/* A second SIGINT or SIGTERM of its kind ends the program at once. A second SIGHUP does not: when a
 * terminal closes, system and shell send one each. SIGHUP stays ignored where it is (nohup). */
void stop_signal_catch(void);

#endif
