/* Descriptors 0 to 2 belong to the standard streams, whoever started the program. */
#ifndef CLI_STANDARD_STREAMS_H
#define CLI_STANDARD_STREAMS_H

#include <stdbool.h>

/* First in main. A descriptor of the three that is closed leads to /dev/null from here on: the next
 * file opened would get its number, and with it all that is printed. Returns whether standard
 * output was open: what must be read by somebody is then better refused. */
bool standard_streams_open(void);

#endif
