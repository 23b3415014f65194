#include "cli/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

bool standard_streams_open(void)
{
    bool has_output = !is_closed(STDOUT_FILENO);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        /* open() gives the lowest number that is free: this one. Where there is no /dev/null,
         * nobody can be told: there may be no standard error. */
        if (is_closed(fd) && open("/dev/null", O_RDWR) != fd)
            exit(EXIT_FAILURE);
    return has_output;
}
