#include "base/free_memory.h"

#include "base/cgroup.h"

#include <stdio.h>

static double available_memory(void)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %lf", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

size_t free_memory_bytes(void)
{
    double machine = available_memory();
    double group = cgroup_free_memory("/proc/self/cgroup", "/sys/fs/cgroup");
    double bytes = group > 0 && (group < machine || machine <= 0) ? group : machine;
    return (size_t)bytes;
}
