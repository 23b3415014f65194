#include "base/files.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct error err;

static void assert_content(const char *path, const char *expected)
{
    uint8_t *bytes;
    size_t size;
    assert_int_equal(files_read(&bytes, &size, path, 1000000, &err), STATUS_OK);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(bytes, expected); /* the zero behind it, too */
    free(bytes);
}

static int count_files(void)
{
    int n = 0;
    DIR *folder = opendir(scratch_folder);
    assert_non_null(folder);
    for (struct dirent *d; (d = readdir(folder));)
        n += d->d_name[0] != '.';
    closedir(folder);
    return n;
}

static void a_file_is_read_whole_with_a_zero_behind_it(void **state)
{
    (void)state;
    assert_content(scratch_write("a", "hello", 5), "hello");
    assert_content(scratch_write("empty", "", 0), "");
}

static void a_file_of_more_than_the_bound_is_refused(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    char zeros[32];
    const char *path = scratch_write("a", "hello", 5);
    assert_int_equal(files_read(&bytes, &size, path, 5, &err), STATUS_OK);
    free(bytes);
    assert_int_equal(files_read(&bytes, &size, path, 4, &err), STATUS_FAILED);
    assert_null(bytes);
    assert_non_null(strstr(err.message, "the file has 5 bytes, more than 4"));
    /* a device has no size to look at */
    int fd = open("/dev/zero", O_RDONLY);
    snprintf(zeros, sizeof zeros, "/dev/fd/%d", fd);
    assert_int_equal(files_read(&bytes, &size, zeros, 1000000, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, ": the file has more than 1000000 bytes"));
    close(fd);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(files_read(&bytes, &size, "/absent", 10, &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot open \"/absent\": No such file or directory");
    assert_int_equal(files_read(&bytes, &size, "/tmp", 10, &err), STATUS_FAILED);
    assert_string_equal(err.message, "/tmp is a directory, not a file");
}

static void assert_refused(const char *path, const char *kind)
{
    uint8_t *bytes;
    size_t size;
    int fd;
    assert_int_equal(files_read(&bytes, &size, path, 1000, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, kind));
    assert_int_equal(files_open_regular(&fd, &size, path, &err), STATUS_FAILED);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(err.message, kind));
}

static void what_is_no_file_is_named_at_once(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path("socket"));
    assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    assert_refused(scratch_path("fifo"), "is a named pipe, not a file");
    assert_refused(scratch_path("socket"), "is a socket, not a file");
    assert_refused("/dev/zero", "is a device, not a file");
    assert_refused(scratch_folder, "is a directory, not a file");
    close(s);
}

static void *feed_pipe(void *fd)
{
    FILE *f = fdopen(*(int *)fd, "w");
    usleep(50000); /* so that the reader comes first and has to wait */
    for (int i = 0; f && i < 100000; i++)
        fputc('x', f);
    if (f)
        fclose(f);
    return NULL;
}

static void a_pipe_that_is_open_already_is_read_to_its_end(void **state)
{
    (void)state;
    pthread_t feeder;
    uint8_t *bytes;
    size_t size;
    char path[32];
    int end[2];
    assert_int_equal(pipe(end), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", end[0]);
    assert_int_equal(pthread_create(&feeder, NULL, feed_pipe, &end[1]), 0);
    assert_int_equal(files_read(&bytes, &size, path, 100000, &err), STATUS_OK);
    pthread_join(feeder, NULL);
    close(end[0]);
    assert_int_equal(size, 100000);
    free(bytes);
}

static bool are_same(const char *a, const char *b)
{
    bool same, other;
    assert_int_equal(files_same(&same, a, b, &err), STATUS_OK);
    assert_int_equal(files_same(&other, b, a, &err), STATUS_OK);
    assert_int_equal(same, other);
    return same;
}

static void paths_are_the_same_by_what_they_lead_to(void **state)
{
    (void)state;
    scratch_write("a", "1", 1);
    scratch_write("b", "1", 1);
    assert_int_equal(symlink("a", scratch_path("soft")), 0);
    assert_int_equal(link(scratch_path("a"), scratch_path("hard")), 0);
    assert_int_equal(symlink("new", scratch_path("dangling")), 0);
    assert_int_equal(mkdir(scratch_path("d"), 0700), 0);
    assert_true(are_same(scratch_path("a"), scratch_path("a")));
    assert_true(are_same(scratch_path("a"), scratch_path("soft")));
    assert_true(are_same(scratch_path("hard"), scratch_path("soft")));
    assert_true(are_same(scratch_path("a"), scratch_path("d/../a")));
    assert_false(are_same(scratch_path("a"), scratch_path("b")));
    assert_false(are_same(scratch_path("a"), scratch_path("new")));
    assert_true(are_same(scratch_path("new"), scratch_path("d/../new")));
    assert_true(are_same(scratch_path("new"), scratch_path("dangling")));
    assert_false(are_same(scratch_path("new"), scratch_path("newer")));
    assert_false(are_same(scratch_path("new"), scratch_path("d/new")));
    assert_false(are_same("/dev/null", "/dev/null")); /* takes what is written to it twice */
    assert_true(are_same("-", "/dev/stdout"));
    assert_false(are_same("-", scratch_path("a")));
}

static void a_file_of_proc_is_read_though_it_says_it_is_empty(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(files_read(&bytes, &size, "/proc/self/status", 100000, &err), STATUS_OK);
    assert_memory_equal(bytes, "Name:", 5);
    free(bytes);
}

static void a_write_replaces_the_file_only_at_the_commit(void **state)
{
    (void)state;
    struct files_writer w;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_write("a", "old", 3));
    assert_int_equal(files_open(&w, path, &err), STATUS_OK);
    fputs("new", w.stream);
    fflush(w.stream);
    assert_content(path, "old");
    assert_int_equal(files_commit(&w, &err), STATUS_OK);
    assert_content(path, "new");
    files_abandon(&w);
    assert_int_equal(count_files(), 1);

    assert_int_equal(files_open(&w, path, &err), STATUS_OK);
    fputs("never", w.stream);
    files_abandon(&w);
    files_abandon(&w);
    assert_content(path, "new");
    assert_int_equal(count_files(), 1);
}

static void two_writers_of_one_path_do_not_meet(void **state)
{
    (void)state;
    struct files_writer a, b;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("a"));
    assert_int_equal(files_open(&a, path, &err), STATUS_OK);
    assert_int_equal(files_open(&b, path, &err), STATUS_OK);
    fputs("first", a.stream);
    fputs("second", b.stream);
    assert_int_equal(files_commit(&a, &err), STATUS_OK);
    assert_content(path, "first");
    assert_int_equal(files_commit(&b, &err), STATUS_OK);
    assert_content(path, "second");
}

/* Process ids come again, in containers at once: a file of that name may be of a killed process, or
 * in use by one of another container that shares the folder. */
static void a_temporary_file_of_somebody_else_is_not_touched(void **state)
{
    (void)state;
    struct files_writer w;
    char path[512], taken[640];
    unsigned number;
    snprintf(path, sizeof path, "%s", scratch_path("a"));
    assert_int_equal(files_open(&w, path, &err), STATUS_OK);
    assert_int_equal(sscanf(strrchr(w.temporary, '.'), ".%u", &number), 1);
    files_abandon(&w);
    snprintf(taken, sizeof taken, "%s.tmp.%ld.%u", path, (long)getpid(), number + 1);
    FILE *f = fopen(taken, "w");
    assert_non_null(f);
    fputs("theirs", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(files_write(path, "ours", 4, &err), STATUS_OK);
    assert_content(path, "ours");
    assert_content(taken, "theirs");
}

static void the_mode_is_0666_without_the_umask(void **state)
{
    (void)state;
    struct stat info;
    mode_t before = umask(027);
    const char *path = scratch_path("a");
    assert_int_equal(files_write(path, "x", 1, &err), STATUS_OK);
    umask(before);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

static void a_symbolic_link_stays_and_its_target_is_replaced(void **state)
{
    (void)state;
    struct stat info;
    const char *target = scratch_write("target", "old", 3), *link = scratch_path("link");
    assert_int_equal(symlink("target", link), 0);
    assert_int_equal(files_write(link, "new", 3, &err), STATUS_OK);
    assert_content(target, "new");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

static void a_private_file_stays_private(void **state)
{
    (void)state;
    struct stat info;
    const char *path = scratch_write("a", "old", 3);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(files_write(path, "new", 3, &err), STATUS_OK);
    assert_content(path, "new");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* One that leads to another, which leads to where nothing is yet: only that is created. */
static void a_dangling_link_stays_and_its_target_is_created(void **state)
{
    (void)state;
    struct stat info;
    char links[2][512];
    bool existed;
    assert_int_equal(files_make_directory(scratch_path("folder"), &existed, &err), STATUS_OK);
    snprintf(links[0], sizeof links[0], "%s", scratch_path("link"));
    snprintf(links[1], sizeof links[1], "%s", scratch_path("folder/second"));
    assert_int_equal(symlink("folder/second", links[0]), 0);
    assert_int_equal(symlink("../target", links[1]), 0);
    assert_int_equal(files_write(links[0], "new", 3, &err), STATUS_OK);
    assert_content(scratch_path("target"), "new");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lstat(links[i], &info), 0);
        assert_true(S_ISLNK(info.st_mode));
    }
}

static void links_in_a_circle_are_an_error(void **state)
{
    (void)state;
    struct stat info;
    const char *link = scratch_path("link");
    assert_int_equal(symlink("link", link), 0);
    assert_int_equal(files_write(link, "new", 3, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "Too many levels of symbolic links"));
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

/* /dev/full takes no byte: small writes fail at the commit, large ones long before. */
static void a_full_disk_is_reported_by_the_commit(void **state)
{
    (void)state;
    char large[100000] = {0};
    assert_int_equal(files_write("/dev/full", "x", 1, &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot write /dev/full: No space left on device");
    assert_int_equal(files_write("/dev/full", large, sizeof large, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "cannot write /dev/full"));
    assert_int_equal(files_write("/dev/null", large, sizeof large, &err), STATUS_OK);
}

static void a_file_that_cannot_be_created_is_named(void **state)
{
    (void)state;
    assert_int_equal(files_write("/proc/absent/x", "x", 1, &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot create /proc/absent/x: No such file or directory");
    assert_int_equal(files_write(scratch_folder, "x", 1, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "it is a directory"));
}

static void a_commit_whose_rename_fails_leaves_no_temporary_file(void **state)
{
    (void)state;
    struct files_writer w;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("a"));
    assert_int_equal(files_open(&w, path, &err), STATUS_OK);
    assert_int_equal(mkdir(path, 0777), 0); /* someone makes a folder of that name meanwhile */
    assert_int_equal(files_commit(&w, &err), STATUS_FAILED);
    assert_int_equal(count_files(), 1);
}

static void assert_joined(const char *directory, const char *name, const char *expected)
{
    char *path;
    assert_int_equal(files_join(&path, directory, name, &err), STATUS_OK);
    assert_string_equal(path, expected);
    free(path);
}

static void assert_directory(const char *path, const char *expected)
{
    char *directory;
    assert_int_equal(files_directory(&directory, path, &err), STATUS_OK);
    assert_string_equal(directory, expected);
    free(directory);
}

static void paths_are_joined_and_split(void **state)
{
    (void)state;
    assert_joined("a", "b", "a/b");
    assert_joined("a/", "b", "a/b");
    assert_joined("/", "b", "/b");
    assert_joined("a", "/b", "/b");
    assert_joined("", "b", "b");
    assert_joined(".", "b", "b");
    assert_directory("a/b/c", "a/b");
    assert_directory("c", ".");
    assert_directory("/c", "/");
}

static void a_folder_is_made_with_its_parents_once(void **state)
{
    (void)state;
    bool existed;
    char path[512];
    snprintf(path, sizeof path, "%s/x/y//z/", scratch_folder);
    assert_int_equal(files_make_directory(path, &existed, &err), STATUS_OK);
    assert_false(existed);
    assert_true(files_exist(path));
    assert_int_equal(files_make_directory(path, &existed, &err), STATUS_OK);
    assert_true(existed);

    scratch_write("file", "", 0);
    snprintf(path, sizeof path, "%s/file/x", scratch_folder);
    assert_int_equal(files_make_directory(path, &existed, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "Not a directory"));
    assert_int_equal(files_make_directory("", &existed, &err), STATUS_FAILED);
}

static void the_folder_of_this_program_is_known(void **state)
{
    (void)state;
    char *folder, *program;
    assert_int_equal(files_program_directory(&folder, &err), STATUS_OK);
    assert_int_equal(files_join(&program, folder, program_invocation_short_name, &err), STATUS_OK);
    assert_true(files_exist(program));
    free(folder);
    free(program);
}

static void a_failing_allocation_leaves_the_old_file(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_write("a", "old", 3));
    FAILING_ALLOC_EACH(files_write(path, "new", 3, &err), &err) {
        assert_int_equal(count_files(), 1);
        assert_content(path, "old");
    }
    assert_int_equal(count_files(), 1);
    assert_content(path, "new");
    uint8_t *bytes;
    size_t size;
    failing_alloc_after(1);
    assert_int_equal(files_read(&bytes, &size, path, 10, &err), STATUS_FAILED);
    failing_alloc_off();
    assert_null(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_file_is_read_whole_with_a_zero_behind_it),
        SCRATCH_TEST(a_file_of_more_than_the_bound_is_refused),
        SCRATCH_TEST(what_cannot_be_read_is_named),
        SCRATCH_TEST(what_is_no_file_is_named_at_once),
        SCRATCH_TEST(a_pipe_that_is_open_already_is_read_to_its_end),
        SCRATCH_TEST(paths_are_the_same_by_what_they_lead_to),
        SCRATCH_TEST(a_file_of_proc_is_read_though_it_says_it_is_empty),
        SCRATCH_TEST(a_write_replaces_the_file_only_at_the_commit),
        SCRATCH_TEST(two_writers_of_one_path_do_not_meet),
        SCRATCH_TEST(a_temporary_file_of_somebody_else_is_not_touched),
        SCRATCH_TEST(the_mode_is_0666_without_the_umask),
        SCRATCH_TEST(a_symbolic_link_stays_and_its_target_is_replaced),
        SCRATCH_TEST(a_private_file_stays_private),
        SCRATCH_TEST(a_dangling_link_stays_and_its_target_is_created),
        SCRATCH_TEST(links_in_a_circle_are_an_error),
        SCRATCH_TEST(a_full_disk_is_reported_by_the_commit),
        SCRATCH_TEST(a_file_that_cannot_be_created_is_named),
        SCRATCH_TEST(a_commit_whose_rename_fails_leaves_no_temporary_file),
        SCRATCH_TEST(paths_are_joined_and_split),
        SCRATCH_TEST(a_folder_is_made_with_its_parents_once),
        SCRATCH_TEST(the_folder_of_this_program_is_known),
        SCRATCH_TEST(a_failing_allocation_leaves_the_old_file),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
