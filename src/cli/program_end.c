#include "cli/program_end.h"

#include "math/gemm.h"

#include <stdio.h>
#include <unistd.h>

int program_end(int exit_status)
{
    if (gemm_hangs()) {
        fflush(NULL);
        _exit(exit_status);
    }
    return exit_status;
}
