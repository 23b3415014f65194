#include "data/image_key.h"

#include "data/scratch_files.h"

#include <fcntl.h>
#include <time.h>

static const char *old_file(const char *name, const char *text, time_t seconds, long ns)
{
    const char *path = scratch_write_text(name, text);
    const struct timespec stamp[2] = {{.tv_sec = seconds}, {.tv_sec = seconds, .tv_nsec = ns}};
    assert_int_equal(utimensat(AT_FDCWD, path, stamp, 0), 0);
    return path;
}

static struct image_key key_of(const char *path)
{
    struct image_key key;
    assert_true(image_key_of(&key, path));
    return key;
}

static void path_size_and_time_stamp_each_change_the_key(void **state)
{
    (void)state;
    struct image_key key[] = {
        key_of(old_file("a", "12", 1000, 5)),  key_of(old_file("b", "12", 1000, 5)),
        key_of(old_file("a", "123", 1000, 5)), key_of(old_file("a", "12", 1001, 5)),
        key_of(old_file("a", "12", 1000, 6)),
    };
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++)
            assert_int_equal(image_key_equal(&key[i], &key[k]), i == k);
    struct image_key again = key_of(old_file("a", "12", 1000, 5));
    assert_true(image_key_equal(&key[0], &again));
}

static void all_spellings_of_a_path_have_one_key(void **state)
{
    (void)state;
    struct image_key key = key_of(old_file("a", "1", 1000, 0));
    assert_int_equal(symlink(scratch_path("a"), scratch_path("link")), 0);
    struct image_key link = key_of(scratch_path("link")), dots = key_of(scratch_path("./a"));
    assert_true(image_key_equal(&key, &link));
    assert_true(image_key_equal(&key, &dots));
}

static void what_is_absent_a_folder_or_just_written_has_none(void **state)
{
    (void)state;
    struct image_key key;
    assert_false(image_key_of(&key, scratch_path("absent")));
    assert_false(image_key_of(&key, scratch_path("")));
    assert_false(image_key_of(&key, scratch_write_text("young", "")));
    assert_false(image_key_of(&key, old_file("future", "", time(NULL) + 100, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(path_size_and_time_stamp_each_change_the_key),
        SCRATCH_TEST(all_spellings_of_a_path_have_one_key),
        SCRATCH_TEST(what_is_absent_a_folder_or_just_written_has_none),
    };
    return cmocka_run_group_tests_name("data/image_key", tests, NULL, NULL);
}
