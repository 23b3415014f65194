/* The limits that control groups (v1 and v2) put on this process: containers and batch systems
 * limit processors in this way without hiding them from the affinity mask, and memory without
 * changing /proc/meminfo.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

/* Processors per second of wall time, e.g. 1.5: the smallest quota on the way from the process's
 * group up to the root; 0 when none is set or nothing can be read. Pass "/proc/self/cgroup" and
 * "/sys/fs/cgroup" (tests pass a made-up tree). */
double cgroup_cpu_quota(const char *membership_file, const char *root);
/* Bytes that may still be allocated under the smallest memory limit, file cache that can be given
 * up included; 0 when there is no limit. Same arguments. */
double cgroup_free_memory(const char *membership_file, const char *root);

#endif
