#include "base/free_memory.h"

#include "base/cgroup.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of /proc/meminfo, in bytes; 0: it does not say. */
static double meminfo(const char *name)
{
    char line[256];
    size_t length = strlen(name);
    double kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, length) == 0 && sscanf(line + length, ": %lf", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

static double group_memory(void)
{
    return cgroup_free_memory("/proc/self/cgroup", "/sys/fs/cgroup");
}

/* What a limit on the process leaves, when it has taken so many pages of it; at least one byte, for
 * 0 is unknown. */
static size_t limit_leaves(__rlimit_resource_t resource, size_t pages)
{
    struct rlimit limit;
    size_t taken = pages * (size_t)sysconf(_SC_PAGESIZE);
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur > taken ? (size_t)limit.rlim_cur - taken : 1;
}

static void take_smaller(size_t *least, const char **name, size_t bytes, const char *other)
{
    if (bytes >= *least)
        return;
    *least = bytes;
    *name = other;
}

static size_t process_leaves(const char **limit)
{
    size_t addresses = 0, data = 0, least = SIZE_MAX;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%zu %*u %*u %*u %*u %zu", &addresses, &data) != 2)
        addresses = data = 0;
    if (f)
        fclose(f);
    take_smaller(&least, limit, limit_leaves(RLIMIT_AS, addresses), "ulimit -v");
    take_smaller(&least, limit, limit_leaves(RLIMIT_DATA, data), "ulimit -d");
    return least;
}

size_t free_memory_bytes(void)
{
    const char *limit;
    double machine = meminfo("MemAvailable"), group = group_memory();
    double bytes = group > 0 && (group < machine || machine <= 0) ? group : machine;
    size_t process = process_leaves(&limit);
    return process != SIZE_MAX && ((double)process < bytes || bytes <= 0) ? process : (size_t)bytes;
}

size_t free_memory_most(const char **limit)
{
    double group = group_memory();
    size_t most = process_leaves(limit);
    if (group > 0)
        take_smaller(&most, limit, (size_t)(group + meminfo("SwapFree")), "the control group");
    return most;
}
