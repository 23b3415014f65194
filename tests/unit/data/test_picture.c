#include "data/picture.h"

#include "data/picture_set.h"

enum { BYTES = PICTURE_SIZE * PICTURE_SIZE * 3 };

static const struct image_limits limits = {.max_pixels = 10000, .apply_exif = true};
static struct error err;

static void a_picture_of_the_right_size_is_as_it_is_in_the_file(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    uint8_t scratch[BYTES];
    const uint8_t *rgb;
    assert_int_equal(picture_fetch(&rgb, scratch, d, 1, NULL, PICTURE_SIZE, &limits, &err),
                     STATUS_OK);
    assert_ptr_equal(rgb, scratch);
    for (int i = 0; i < BYTES; i++)
        assert_int_equal(rgb[i],
                         scratch_pixel(1, i / 3 % PICTURE_SIZE, i / 3 / PICTURE_SIZE, i % 3));
    dataset_destroy(d);
}

static void the_second_time_it_comes_from_the_cache(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    struct cache *cache;
    uint8_t scratch[BYTES];
    const uint8_t *rgb;
    assert_int_equal(cache_create(&cache, N_PICTURES, PICTURE_SIZE, 1 << 20, &err), STATUS_OK);
    assert_int_equal(picture_fetch(&rgb, scratch, d, 4, cache, PICTURE_SIZE, &limits, &err),
                     STATUS_OK);
    assert_int_equal(unlink(scratch_path("4.png")), 0);
    assert_int_equal(picture_fetch(&rgb, NULL, d, 4, cache, PICTURE_SIZE, &limits, &err),
                     STATUS_OK);
    assert_memory_equal(rgb, scratch, BYTES);
    cache_destroy(cache);
    dataset_destroy(d);
}

static void check_refused(const struct dataset *d, int row, const char *contains)
{
    uint8_t scratch[BYTES];
    const uint8_t *rgb;
    char prefix[512];
    assert_int_equal(picture_fetch(&rgb, scratch, d, row, NULL, PICTURE_SIZE, &limits, &err),
                     STATUS_FAILED);
    snprintf(prefix, sizeof prefix, "%s:%d: ", dataset_path(d), row + 2);
    assert_memory_equal(err.message, prefix, strlen(prefix));
    if (!strstr(err.message, contains))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, contains);
}

static void what_cannot_be_read_is_named_with_line_and_path(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    assert_int_equal(unlink(scratch_path("0.png")), 0);
    check_refused(d, 0, "/0.png: No such file");
    scratch_write("2.png", "GIF89a, in truth");
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
    char *paths[] = {"/no such picture.png"};
    uint8_t scratch[BYTES];
    const uint8_t *rgb;
    assert_int_equal(dataset_from_images(&d, paths, 1, &err), STATUS_OK);
    assert_int_equal(picture_fetch(&rgb, scratch, d, 0, NULL, PICTURE_SIZE, &limits, &err),
                     STATUS_FAILED);
    assert_string_equal(err.message, "cannot open /no such picture.png: No such file or directory");
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_picture_of_the_right_size_is_as_it_is_in_the_file),
        SCRATCH_TEST(the_second_time_it_comes_from_the_cache),
        SCRATCH_TEST(what_cannot_be_read_is_named_with_line_and_path),
        cmocka_unit_test(without_a_csv_the_path_alone_is_named),
    };
    return cmocka_run_group_tests_name("data/picture", tests, NULL, NULL);
}
