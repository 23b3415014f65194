#include "data/image_fetch.h"

#include "data/image_set.h"
#include "data/resized_image_of.h"

#include <fcntl.h>

enum { BYTES = IMAGE_SIZE * IMAGE_SIZE * 3 };

static const struct image_fit fit = {.size = IMAGE_SIZE};
static const struct image_limits limits = {.max_pixels = 10000, .apply_exif = true};
static struct error err;

static void a_image_of_the_right_size_is_as_it_is_in_the_file(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    SQUARE_OF(scratch, IMAGE_SIZE);
    const struct resized_image *image;
    assert_int_equal(image_fetch(&image, scratch, d, 1, NULL, &fit, &limits, &err), STATUS_OK);
    assert_ptr_equal(image, scratch);
    for (int i = 0; i < BYTES; i++)
        assert_int_equal(image->rgb[i],
                         scratch_pixel(1, i / 3 % IMAGE_SIZE, i / 3 / IMAGE_SIZE, i % 3));
    dataset_destroy(d);
}

static void the_second_time_it_comes_from_the_cache(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    struct cache *cache;
    SQUARE_OF(scratch, IMAGE_SIZE);
    const struct resized_image *image;
    assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE, 1 << 20, &err), STATUS_OK);
    assert_int_equal(image_fetch(&image, scratch, d, 4, cache, &fit, &limits, &err), STATUS_OK);
    assert_int_equal(unlink(scratch_path("4.png")), 0);
    assert_int_equal(image_fetch(&image, NULL, d, 4, cache, &fit, &limits, &err), STATUS_OK);
    assert_memory_equal(image, scratch, resized_image_bytes(IMAGE_SIZE));
    cache_destroy(cache);
    dataset_destroy(d);
}

/* As the file is now. */
static uint64_t content(const struct dataset *d, int row)
{
    const struct resized_image *image;
    SQUARE_OF(scratch, IMAGE_SIZE);
    assert_int_equal(image_fetch(&image, scratch, d, row, NULL, &fit, &limits, &err), STATUS_OK);
    assert_int_equal(image->traits, 0);
    return image->content;
}

static void copies_have_the_content_of_the_file_and_no_other_has(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    char command[512];
    snprintf(command, sizeof command,
             "cd %s; cp 4.png 5.png; cp 6.png 7.png; cp 6.png 8.png; printf x >>7.png; printf y "
             ">>8.png",
             scratch_folder);
    assert_int_equal(system(command), 0);
    assert_true(content(d, 4) == content(d, 5));
    assert_true(content(d, 4) != content(d, 6));
    assert_true(content(d, 6) != content(d, 7)); /* behind the image's end */
    assert_true(content(d, 7) != content(d, 8));
    dataset_destroy(d);
}

static void age(const char *name, long seconds)
{
    const struct timespec stamp[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path(name), stamp, 0), 0);
}

/* The first byte of row 4 as a run of its own sees it. */
static uint8_t first_byte(bool *kept)
{
    struct dataset *d;
    const struct dataset_options opt = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    struct disk_cache *disk;
    struct cache *cache;
    SQUARE_OF(scratch, IMAGE_SIZE);
    const struct resized_image *image;
    assert_int_equal(dataset_load(&d, scratch_path("set.csv"), &opt, &err), STATUS_OK);
    assert_int_equal(disk_cache_open(&disk, scratch_path("cache"), &fit, &limits, &err), STATUS_OK);
    assert_int_equal(cache_create_on_disk(&cache, N_IMAGES, disk, &err), STATUS_OK);
    assert_int_equal(image_fetch(&image, scratch, d, 4, cache, &fit, &limits, &err), STATUS_OK);
    struct image_key key;
    uint8_t first = image->rgb[0];
    *kept = image_key_of(&key, scratch_path("4.png")) && disk_cache_find(disk, scratch, &key);
    assert_true(!*kept || scratch->rgb[0] == first);
    cache_destroy(cache);
    disk_cache_close(disk);
    dataset_destroy(d);
    return first;
}

static void a_changed_image_is_decoded_again_and_one_just_written_is_not_kept(void **state)
{
    (void)state;
    bool kept;
    dataset_destroy(image_set());
    age("4.png", 1000);
    uint8_t first = first_byte(&kept);
    assert_true(kept);
    /* What follows changes the image behind the cache's back. */
    scratch_png("4.png", 17, 36, 99);
    age("4.png", 1001);
    uint8_t changed = first_byte(&kept);
    assert_true(kept);
    assert_int_not_equal(changed, first);
    scratch_png("4.png", 17, 36, 4);
    assert_int_equal(first_byte(&kept), first);
    assert_false(kept);
}

static void check_refused(const struct dataset *d, int row, const char *contains)
{
    SQUARE_OF(scratch, IMAGE_SIZE);
    const struct resized_image *image;
    char prefix[512];
    assert_int_equal(image_fetch(&image, scratch, d, row, NULL, &fit, &limits, &err),
                     STATUS_FAILED);
    snprintf(prefix, sizeof prefix, "%s:%d: ", dataset_path(d), row + 2);
    assert_memory_equal(err.message, prefix, strlen(prefix));
    if (!strstr(err.message, contains))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, contains);
}

static void what_cannot_be_read_is_named_with_line_and_path(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    assert_int_equal(unlink(scratch_path("0.png")), 0);
    check_refused(d, 0, "/0.png\": No such file");
    scratch_write_text("2.png", "GIF89a, in truth");
    check_refused(d, 2, "/2.png: ");
    assert_int_equal(truncate(scratch_path("3.png"), 100), 0);
    check_refused(d, 3, "/3.png: ");
    scratch_png("5.png", 101, 100, 0);
    check_refused(d, 5, "/5.png: ");
    assert_int_equal(truncate(scratch_path("6.png"), 0), 0);
    check_refused(d, 6, "/6.png: ");
    assert_int_equal(unlink(scratch_path("7.png")), 0);
    assert_int_equal(mkdir(scratch_path("7.png"), 0777), 0);
    check_refused(d, 7, "/7.png is a directory");
    assert_int_equal(truncate(scratch_path("8.png"), (off_t)1 << 30), 0);
    check_refused(d, 8, "/8.png: the file has 1073741824 bytes, more than");
    dataset_destroy(d);
}

static void without_a_csv_the_path_alone_is_named(void **state)
{
    (void)state;
    struct dataset *d;
    char *paths[] = {"/no such image.png"};
    SQUARE_OF(scratch, IMAGE_SIZE);
    const struct resized_image *image;
    assert_int_equal(dataset_from_images(&d, paths, 1, &err), STATUS_OK);
    assert_int_equal(image_fetch(&image, scratch, d, 0, NULL, &fit, &limits, &err), STATUS_FAILED);
    assert_string_equal(err.message,
                        "cannot open \"/no such image.png\": No such file or directory");
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_image_of_the_right_size_is_as_it_is_in_the_file),
        SCRATCH_TEST(the_second_time_it_comes_from_the_cache),
        SCRATCH_TEST(copies_have_the_content_of_the_file_and_no_other_has),
        SCRATCH_TEST(a_changed_image_is_decoded_again_and_one_just_written_is_not_kept),
        SCRATCH_TEST(what_cannot_be_read_is_named_with_line_and_path),
        cmocka_unit_test(without_a_csv_the_path_alone_is_named),
    };
    return cmocka_run_group_tests_name("data/image_fetch", tests, NULL, NULL);
}
