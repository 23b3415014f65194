/* The last thing that a program does. */
#ifndef CLI_PROGRAM_END_H
#define CLI_PROGRAM_END_H

/* Returns the exit status, for main to return; ends the program with it at once where exit() would
 * wait for ever for threads of a library. */
int program_end(int exit_status);

#endif
