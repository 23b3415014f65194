/* A line of the membership file is ID:CONTROLLERS:PATH. Version 2 has an empty CONTROLLERS and
 * keeps "QUOTA PERIOD" in cpu.max; version 1 lists cpu there and keeps the two numbers in two
 * files. Inside a container the path may belong to the host and be absent here; walking up to the
 * root then still finds the container's own limit. */
#include "base/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads up to two whitespace-separated numbers; "max" and negative ones mean no limit. */
static int read_numbers(double out[2], const char *directory, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    int n = fscanf(f, "%lf %lf", &out[0], &out[1]);
    fclose(f);
    return n;
}

/* Processors: quota / period. */
static double cpu_limit(const char *directory, bool version2)
{
    double v[2], period[2];
    if (version2) {
        if (read_numbers(v, directory, "cpu.max") != 2)
            return 0;
    } else {
        if (read_numbers(v, directory, "cpu.cfs_quota_us") < 1 ||
            read_numbers(period, directory, "cpu.cfs_period_us") < 1)
            return 0;
        v[1] = period[0];
    }
    return v[0] > 0 && v[1] > 0 ? v[0] / v[1] : 0;
}

static double read_number(const char *directory, const char *name)
{
    double v[2];
    return read_numbers(v, directory, name) >= 1 ? v[0] : 0;
}

/* Bytes of file cache that the kernel would give up for the asking; they count as used. */
static double reclaimable_memory(const char *directory, const char *key)
{
    char path[PATH_MAX], line[256];
    double bytes = 0;
    if (snprintf(path, sizeof path, "%s/memory.stat", directory) >= (int)sizeof path)
        return 0;
    FILE *f = fopen(path, "re");
    size_t length = strlen(key);
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            bytes = strtod(line + length, NULL);
    if (f)
        fclose(f);
    return bytes;
}

/* Memory: limit - used + reclaimable, at least one byte, since 0 means no limit. */
static double memory_limit(const char *directory, bool version2)
{
    double limit = read_number(directory, version2 ? "memory.max" : "memory.limit_in_bytes");
    double used = read_number(directory, version2 ? "memory.current" : "memory.usage_in_bytes");
    if (limit <= 0)
        return 0;
    double left = limit - used +
                  reclaimable_memory(directory, version2 ? "inactive_file" : "total_inactive_file");
    return left > 1 ? left : 1;
}

/* What is limited: the name of version 1's controller, and how to read a group's limit (0: none).
 */
struct resource {
    const char *controller;
    double (*limit)(const char *directory, bool version2);
};

static double smaller_limit(double a, double b)
{
    if (a <= 0 || b <= 0)
        return a > b ? a : b;
    return a < b ? a : b;
}

/* The smallest limit of mount/group and all its parents up to mount itself. */
static double walk_up(const struct resource *r, const char *mount, const char *group, bool version2)
{
    char directory[PATH_MAX];
    size_t mount_length = strlen(mount);
    if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory)
        return 0;
    double limit = 0;
    for (;;) {
        limit = smaller_limit(limit, r->limit(directory, version2));
        char *slash = strrchr(directory + mount_length, '/');
        if (!slash)
            return limit;
        *slash = '\0';
    }
}

static bool lists(const char *controllers, const char *wanted)
{
    size_t wanted_length = strlen(wanted);
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        at += *at == ',';
        size_t length = strcspn(at, ",");
        if (length == wanted_length && memcmp(at, wanted, length) == 0)
            return true;
    }
    return false;
}

static double line_limit(const struct resource *r, char *line, const char *root)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return 0;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';

    if (*controllers == '\0')
        return walk_up(r, root, group, true);
    if (!lists(controllers, r->controller))
        return 0;
    char mount[PATH_MAX];
    if (snprintf(mount, sizeof mount, "%s/%s", root, controllers) >= (int)sizeof mount)
        return 0;
    return walk_up(r, mount, group, false);
}

static double find_limit(const struct resource *r, const char *membership_file, const char *root)
{
    FILE *f = fopen(membership_file, "re");
    if (!f)
        return 0;
    double limit = 0;
    char line[PATH_MAX];
    while (fgets(line, sizeof line, f))
        limit = smaller_limit(limit, line_limit(r, line, root));
    fclose(f);
    return limit;
}

double cgroup_cpu_quota(const char *membership_file, const char *root)
{
    const struct resource cpu = {"cpu", cpu_limit};
    return find_limit(&cpu, membership_file, root);
}

double cgroup_free_memory(const char *membership_file, const char *root)
{
    const struct resource memory = {"memory", memory_limit};
    return find_limit(&memory, membership_file, root);
}
