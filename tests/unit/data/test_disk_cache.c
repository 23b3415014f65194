#include "data/disk_cache.h"

#include "data/resized_image_of.h"
#include "data/scratch_files.h"
#include "failing_alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { SIDE = 30, VALUES = SIDE * SIDE * 3, SLOT = 65536, MANY = 300 };
#define BYTES resized_image_bytes(SIDE)

static const struct image_fit fit = {.size = SIDE};
static const struct image_limits limits = {.max_pixels = 1000, .apply_exif = true};
static struct error err;

static struct disk_cache *open_cache(void)
{
    struct disk_cache *d;
    if (disk_cache_open(&d, scratch_path("cache/pictures"), &fit, &limits, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return d;
}

static struct image_key key_of(int i)
{
    return (struct image_key){{0x9e3779b97f4a7c15u * (uint64_t)(i + 1), (uint64_t)i}};
}

static const struct resized_image *image_of(int i)
{
    static _Alignas(
        struct resized_image) unsigned char memory[sizeof(struct resized_image) + VALUES];
    struct resized_image *image = (struct resized_image *)memory;
    image->aspect = 1 + i / 8.0;
    for (int k = 0; k < VALUES; k++)
        image->rgb[k] = (uint8_t)(k * (2 * i + 1) + i);
    return image;
}

/* Whether image i is there; if it is, it must be right. */
static bool holds(struct disk_cache *d, int i)
{
    struct image_key key = key_of(i);
    SQUARE_OF(image, SIDE);
    bool found = disk_cache_find(d, image, &key);
    if (found)
        assert_memory_equal(image, image_of(i), BYTES);
    return found;
}

/* Whether it is there then. */
static bool store(struct disk_cache *d, int i)
{
    struct image_key key = key_of(i);
    disk_cache_store(d, &key, image_of(i));
    return holds(d, i);
}

static off_t file_size(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_size;
}

static void what_one_run_stores_the_next_one_finds(void **state)
{
    (void)state;
    struct disk_cache *d = open_cache();
    assert_false(holds(d, 0));
    for (int i = 0; i < MANY; i++)
        assert_true(store(d, i));
    for (int i = 0; i < MANY; i++)
        assert_true(holds(d, i));
    disk_cache_close(d);
    d = open_cache();
    for (int i = 0; i < MANY; i++)
        assert_true(holds(d, i));
    assert_false(holds(d, MANY));
    assert_int_equal(disk_cache_trouble(d, &err), STATUS_OK);
    assert_int_equal(file_size(disk_cache_path(d)), (off_t)MANY * SLOT);
    disk_cache_close(d);
    disk_cache_close(NULL);
}

static void what_shapes_the_pixels_is_in_the_name_of_the_file(void **state)
{
    (void)state;
    enum { OTHERS = 8 };
    struct image_limits other[OTHERS];
    struct image_fit other_fit[OTHERS];
    char seen[OTHERS + 1][600];
    struct disk_cache *d = open_cache();
    assert_true(store(d, 0));
    for (int i = 0; i < OTHERS; i++) {
        other[i] = limits;
        other_fit[i] = fit;
    }
    other[0].apply_exif = false;
    other[1].jpeg_scale = IMAGE_JPEG_FAST;
    other[2].max_pixels++;
    other_fit[3].size++;
    other_fit[4].interpolation = IMAGE_FIT_BICUBIC;
    other_fit[5].resize = IMAGE_FIT_LETTERBOX;
    other_fit[6].resize = other_fit[7].resize = IMAGE_FIT_CROP;
    other_fit[6].crop_fraction = 0.875;
    other_fit[7].crop_fraction = 0.9;
    snprintf(seen[OTHERS], sizeof seen[0], "%s", disk_cache_path(d));
    for (int i = 0; i < OTHERS; i++) {
        struct disk_cache *o;
        assert_int_equal(
            disk_cache_open(&o, scratch_path("cache/pictures"), &other_fit[i], &other[i], &err),
            STATUS_OK);
        snprintf(seen[i], sizeof seen[0], "%s", disk_cache_path(o));
        assert_string_not_equal(seen[i], seen[OTHERS]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
        assert_false(holds(o, 0));
        disk_cache_close(o);
    }
    disk_cache_close(d);
}

/* As before images could be cropped: their caches stay good. */
static void squashed_and_bilinear_is_not_said(void **state)
{
    (void)state;
    struct disk_cache *d = open_cache();
    assert_string_equal(strrchr(disk_cache_path(d), '/'), "/30-exif-auto-1000.v3.2");
    disk_cache_close(d);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 16;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_flipped_bit_anywhere_makes_a_image_absent_until_it_is_stored_again(void **state)
{
    (void)state;
    enum { HEAD = 24 };
    for (off_t at = 0; at < HEAD + (off_t)BYTES; at += at < HEAD + 16 ? 1 : 97) {
        struct disk_cache *d = open_cache();
        for (int i = 0; i < 3; i++)
            store(d, i);
        flip(disk_cache_path(d), SLOT + at);
        disk_cache_close(d);
        d = open_cache();
        assert_true(holds(d, 0));
        assert_false(holds(d, 1));
        assert_true(holds(d, 2));
        assert_true(store(d, 1));
        assert_true(holds(d, 1));
        disk_cache_close(d);
        d = open_cache();
        for (int i = 0; i < 3; i++)
            assert_true(holds(d, i));
        assert_int_equal(unlink(disk_cache_path(d)), 0);
        disk_cache_close(d);
    }
}

static void of_a_file_cut_off_anywhere_the_rest_is_good(void **state)
{
    (void)state;
    for (off_t size = 0; size <= 3 * SLOT; size += 5000) {
        struct disk_cache *d = open_cache();
        for (int i = 0; i < 3; i++)
            store(d, i);
        assert_int_equal(truncate(disk_cache_path(d), size), 0);
        disk_cache_close(d);
        d = open_cache();
        for (int i = 0; i < 3; i++)
            assert_int_equal(holds(d, i), size >= (i + 1) * SLOT);
        for (int i = 2; i >= 0; i--)
            assert_true(holds(d, i) || store(d, i));
        disk_cache_close(d);
        d = open_cache();
        for (int i = 0; i < 3; i++)
            assert_true(holds(d, i));
        assert_int_equal(unlink(disk_cache_path(d)), 0);
        disk_cache_close(d);
    }
}

/* As when a user empties the cache's file in the middle of a run: what is gone is made again. */
static void a_file_cut_short_while_it_is_open_costs_its_images_and_no_more(void **state)
{
    (void)state;
    enum { LEFT = 4 };
    struct disk_cache *d = open_cache(), *other;
    for (int i = 0; i < 10; i++)
        assert_true(store(d, i));
    assert_int_equal(truncate(disk_cache_path(d), LEFT * SLOT + 100), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(holds(d, i), i < LEFT);
    assert_true(store(d, LEFT));
    other = open_cache();
    assert_true(store(other, 10)); /* and what others append then is still found */
    assert_true(store(d, 10));
    assert_int_equal(file_size(disk_cache_path(d)), (LEFT + 3) * SLOT); /* one slot stays torn */
    disk_cache_close(other);
    for (int i = 9; i > LEFT; i--)
        assert_true(store(d, i));
    other = open_cache();
    for (int i = 0; i <= 10; i++)
        assert_true(holds(d, i) && holds(other, i));
    assert_int_equal(file_size(disk_cache_path(d)), 12 * SLOT);
    disk_cache_close(other);
    disk_cache_close(d);
}

static off_t cut_before_reading = -1; /* to which the next file that is read is cut; -1: none */

/* In place of the C library's. */
ssize_t pread(int fd, void *bytes, size_t n, off_t offset)
{
    if (cut_before_reading >= 0 && ftruncate(fd, cut_before_reading) == 0)
        cut_before_reading = -1;
    return syscall(SYS_pread64, fd, bytes, n, offset);
}

/* Its size is looked at, and then it becomes shorter: that is its end, and no error of which errno
 * knows nothing. */
static void a_file_that_shrinks_while_it_is_opened_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    for (int left = 0; left < 3; left++) {
        struct disk_cache *d = open_cache();
        for (int i = 0; i < 3; i++)
            assert_true(holds(d, i) || store(d, i));
        disk_cache_close(d);
        cut_before_reading = left * SLOT;
        errno = EIO;
        d = open_cache();
        assert_int_equal(cut_before_reading, -1);
        for (int i = 0; i < 3; i++)
            assert_int_equal(holds(d, i), i < left);
        disk_cache_close(d);
    }
}

static void several_processes_share_one_file(void **state)
{
    (void)state;
    enum { PROCESSES = 4 };
    pid_t child[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        child[p] = fork();
        if (child[p] == 0) {
            struct disk_cache *d = open_cache();
            bool good = true;
            for (int i = 0; i < MANY; i++)
                good = (holds(d, i) || store(d, i)) && good;
            _exit(good ? 0 : 1);
        }
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(child[p], &status, 0), child[p]);
        assert_int_equal(status, 0);
    }
    struct disk_cache *d = open_cache();
    for (int i = 0; i < MANY; i++)
        assert_true(holds(d, i));
    /* An image is there twice only if two processes stored it in the same instant. */
    assert_true(file_size(disk_cache_path(d)) < (off_t)PROCESSES * MANY * SLOT);
    disk_cache_close(d);
}

static void a_process_that_has_the_file_open_finds_what_another_stored(void **state)
{
    (void)state;
    struct disk_cache *early = open_cache(), *late = open_cache();
    assert_true(store(early, 1));
    assert_true(store(late, 1));
    assert_int_equal(file_size(disk_cache_path(late)), SLOT);
    disk_cache_close(early);
    disk_cache_close(late);
}

static void a_kill_at_any_instant_leaves_no_wrong_image(void **state)
{
    (void)state;
    int found = 0;
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct disk_cache *d = open_cache();
            for (int i = 0; i < 100000; i++)
                store(d, i);
            _exit(0);
        }
        usleep((useconds_t)(500 + 700 * round));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct disk_cache *d = open_cache();
        for (int i = 0; i < 100; i++)
            found += holds(d, i);
        assert_true(holds(d, round) || store(d, round));
        disk_cache_close(d);
    }
    assert_true(found > 0);
}

/* A limit on the size of files stands in for a full disk. */
static void without_room_images_are_not_stored_and_the_reason_is_told(void **state)
{
    (void)state;
    struct rlimit before, small = {.rlim_cur = 2 * SLOT};
    struct disk_cache *d = open_cache();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_true(store(d, 0));
    assert_true(store(d, 1));
    assert_int_equal(disk_cache_trouble(d, &err), STATUS_OK);
    assert_false(store(d, 2));
    assert_false(store(d, 3));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(store(d, 4)); /* it does not begin again */
    assert_int_equal(disk_cache_trouble(d, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "cannot write "));
    assert_non_null(strstr(err.message, "File too large"));
    assert_true(holds(d, 0) && holds(d, 1));
    disk_cache_close(d);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct disk_cache *d;
    scratch_write_text("file", "");
    assert_int_equal(disk_cache_open(&d, scratch_path("file/x"), &fit, &limits, &err),
                     STATUS_FAILED);
    assert_null(d);
    assert_non_null(strstr(err.message, "file"));
}

static void the_default_folder_is_that_of_the_standard(void **state)
{
    (void)state;
    char *folder;
    setenv("XDG_CACHE_HOME", "/c", 1);
    setenv("HOME", "/h", 1);
    assert_int_equal(disk_cache_default_folder(&folder, &err), STATUS_OK);
    assert_string_equal(folder, "/c/atk-train");
    free(folder);
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_int_equal(disk_cache_default_folder(&folder, &err), STATUS_OK);
    assert_string_equal(folder, "/h/.cache/atk-train");
    free(folder);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_int_equal(disk_cache_default_folder(&folder, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "--cache-dir"));
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct disk_cache *d = open_cache();
    for (int i = 0; i < 40; i++)
        store(d, i);
    disk_cache_close(d);
    FAILING_ALLOC_EACH(disk_cache_open(&d, scratch_path("cache/pictures"), &fit, &limits, &err),
                       &err)
        assert_null(d);
    disk_cache_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(what_one_run_stores_the_next_one_finds),
        SCRATCH_TEST(what_shapes_the_pixels_is_in_the_name_of_the_file),
        SCRATCH_TEST(squashed_and_bilinear_is_not_said),
        SCRATCH_TEST(a_flipped_bit_anywhere_makes_a_image_absent_until_it_is_stored_again),
        SCRATCH_TEST(of_a_file_cut_off_anywhere_the_rest_is_good),
        SCRATCH_TEST(a_file_cut_short_while_it_is_open_costs_its_images_and_no_more),
        SCRATCH_TEST(a_file_that_shrinks_while_it_is_opened_is_read_as_far_as_it_goes),
        SCRATCH_TEST(several_processes_share_one_file),
        SCRATCH_TEST(a_process_that_has_the_file_open_finds_what_another_stored),
        SCRATCH_TEST(a_kill_at_any_instant_leaves_no_wrong_image),
        SCRATCH_TEST(without_room_images_are_not_stored_and_the_reason_is_told),
        SCRATCH_TEST(a_folder_that_cannot_be_made_is_an_error),
        SCRATCH_TEST(the_default_folder_is_that_of_the_standard),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/disk_cache", tests, NULL, NULL);
}
