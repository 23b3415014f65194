/* A line of the membership file is ID:CONTROLLERS:PATH. Version 2 has an empty CONTROLLERS and
 * keeps "QUOTA PERIOD" in cpu.max; version 1 lists cpu there and keeps the two numbers in two
 * files. Inside a container the path may belong to the host and be absent here; walking up to the
 * root then still finds the container's own limit. */
#include "base/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
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

static double directory_quota(const char *directory, bool version2)
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

static double smaller_limit(double a, double b)
{
    if (a <= 0 || b <= 0)
        return a > b ? a : b;
    return a < b ? a : b;
}

/* The smallest quota of mount/group and all its parents up to mount itself. */
static double walk_up(const char *mount, const char *group, bool version2)
{
    char directory[PATH_MAX];
    size_t mount_length = strlen(mount);
    if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory)
        return 0;
    double quota = 0;
    for (;;) {
        quota = smaller_limit(quota, directory_quota(directory, version2));
        char *slash = strrchr(directory + mount_length, '/');
        if (!slash)
            return quota;
        *slash = '\0';
    }
}

static bool lists_cpu(const char *controllers)
{
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        at += *at == ',';
        size_t length = strcspn(at, ",");
        if (length == 3 && memcmp(at, "cpu", 3) == 0)
            return true;
    }
    return false;
}

static double line_quota(char *line, const char *root)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return 0;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';

    if (*controllers == '\0')
        return walk_up(root, group, true);
    if (!lists_cpu(controllers))
        return 0;
    char mount[PATH_MAX];
    if (snprintf(mount, sizeof mount, "%s/%s", root, controllers) >= (int)sizeof mount)
        return 0;
    return walk_up(mount, group, false);
}

double cgroup_cpu_quota(const char *membership_file, const char *root)
{
    FILE *f = fopen(membership_file, "re");
    if (!f)
        return 0;
    double quota = 0;
    char line[PATH_MAX];
    while (fgets(line, sizeof line, f))
        quota = smaller_limit(quota, line_quota(line, root));
    fclose(f);
    return quota;
}
