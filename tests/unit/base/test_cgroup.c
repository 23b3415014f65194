#include "base/cgroup.h"

#include "scratch.h"

#include <sys/stat.h>

/* A made-up /proc/self/cgroup and /sys/fs/cgroup in the test's folder. */
static double quota(const char *membership)
{
    char file[512];
    snprintf(file, sizeof file, "%s", scratch_write("membership", membership, strlen(membership)));
    return cgroup_cpu_quota(file, scratch_folder);
}

static void group(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

static void put(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

static void version_2_takes_the_smallest_quota_up_to_the_root(void **state)
{
    (void)state;
    group("a");
    group("a/b");
    put("a/b/cpu.max", "max 100000\n");
    assert_true(quota("0::/a/b\n") == 0);
    put("a/cpu.max", "150000 100000\n");
    assert_true(quota("0::/a/b\n") == 1.5);
    put("a/b/cpu.max", "400000 100000\n");
    assert_true(quota("0::/a/b\n") == 1.5);
    put("a/b/cpu.max", "50000 100000\n");
    assert_true(quota("0::/a/b\n") == 0.5);
    put("cpu.max", "20000 100000\n");
    assert_true(quota("0::/a/b\n") == 0.2);
}

static void a_group_that_is_the_root_is_read(void **state)
{
    (void)state;
    put("cpu.max", "300000 100000\n");
    assert_true(quota("0::/\n") == 3);
}

static void a_path_of_the_host_that_is_absent_here_is_passed_over(void **state)
{
    (void)state;
    put("cpu.max", "300000 100000\n");
    assert_true(quota("0::/../../system.slice/x\n") == 3);
}

static void version_1_reads_the_cpu_controller_only(void **state)
{
    (void)state;
    group("cpu,cpuacct");
    group("cpu,cpuacct/job");
    group("cpuset");
    put("cpuset/cpu.cfs_quota_us", "100\n");
    put("cpuset/cpu.cfs_period_us", "100000\n");
    const char *membership = "5:cpuset:/\n4:memory:/job\n3:cpu,cpuacct:/job\n1:name=systemd:/\n";
    assert_true(quota(membership) == 0);
    put("cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    put("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    assert_true(quota(membership) == 0);
    put("cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
    assert_true(quota(membership) == 2.5);
}

static void what_cannot_be_read_is_no_limit(void **state)
{
    (void)state;
    assert_true(cgroup_cpu_quota(scratch_path("absent"), scratch_folder) == 0);
    assert_true(quota("") == 0);
    assert_true(quota("nonsense\n0\n0:\n") == 0);
    put("cpu.max", "nonsense\n");
    assert_true(quota("0::/\n") == 0);
    put("cpu.max", "100000 0\n");
    assert_true(quota("0::/\n") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(version_2_takes_the_smallest_quota_up_to_the_root),
        SCRATCH_TEST(a_group_that_is_the_root_is_read),
        SCRATCH_TEST(a_path_of_the_host_that_is_absent_here_is_passed_over),
        SCRATCH_TEST(version_1_reads_the_cpu_controller_only),
        SCRATCH_TEST(what_cannot_be_read_is_no_limit),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
