#include "base/resident_memory.h"

#include <stdio.h>
#include <unistd.h>

size_t resident_memory_bytes(void)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "re"); /* size and resident pages, then others */
    if (f && fscanf(f, "%*s %zu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}
