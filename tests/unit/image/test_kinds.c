/* WebP, BMP, GIF and TIFF: every file of tests/golden/image_kinds/
 * (scripts/make_image_kinds_golden.py) is what Pillow makes of it, or refused. Of a kind whose
 * library was not there when this was built every file is refused, with the name of the library. */
#include "base/files.h"
#include "image/decode.h"
#include "image/image_decode.h"
#include "image/image_depth.h"
#include "image/image_frames.h"
#include "io/csv.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/sha256.h"
#include "whole_image.h"

#define FOLDER         "tests/golden/image_kinds"
#define MAX_FILE_BYTES (1 << 20)

enum column { FILE_NAME, EXPECTED, WIDTH, HEIGHT, ORIENTATION, SHA256, SEVERAL, N_COLUMNS };

static struct csv_table manifest;
static struct error err;
static const struct image_limits upright = {.max_pixels = 1 << 20, .apply_exif = true};

static int open_manifest(void **state)
{
    (void)state;
    return csv_table_read(&manifest, FOLDER "/kinds.csv", ',', &err) == STATUS_OK ? 0 : -1;
}

static int close_manifest(void **state)
{
    (void)state;
    csv_table_free(&manifest);
    return 0;
}

static const char *field(size_t row, enum column column)
{
    return manifest.row[row].field[column];
}

static bool is_kind(size_t row, const char *kind)
{
    const char *dot = strrchr(field(row, FILE_NAME), '.');
    return strcmp(dot + 1, kind) == 0;
}

static uint8_t *read_file(size_t *size, size_t row)
{
    char path[256];
    uint8_t *bytes;
    snprintf(path, sizeof path, FOLDER "/%s", field(row, FILE_NAME));
    assert_int_equal(files_read(&bytes, size, path, MAX_FILE_BYTES, &err), STATUS_OK);
    return bytes;
}

/* NULL: the file is as it should be. */
static const char *complaint(size_t row, const struct rows *rows, enum status status)
{
    bool refused = status != STATUS_OK;
    char hex[65];
    if (refused && (*err.message == '\0' || strchr(err.message, '\n')))
        return "is refused, but not with one line";
    if (refused)
        return strcmp(field(row, EXPECTED), "refuse") == 0 ? NULL : err.message;
    if (strcmp(field(row, EXPECTED), "refuse") == 0)
        return "decodes, but has to be refused";
    if (rows->image.width != atoi(field(row, WIDTH)) ||
        rows->image.height != atoi(field(row, HEIGHT)))
        return "is of another size";
    if (rows->found != atoi(field(row, ORIENTATION)))
        return "is turned otherwise";
    sha256_hex(hex, rows->image.rgb, 3 * (size_t)rows->image.width * (size_t)rows->image.height);
    return strcmp(hex, field(row, SHA256)) == 0 ? NULL
                                                : "decodes to other pixels than the reference";
}

static void check_kind(const char *kind, int n_expected)
{
    int n = 0, n_wrong = 0;
    for (size_t row = 1; row < manifest.n_rows; row++) {
        if (!is_kind(row, kind))
            continue;
        struct rows rows = {.orientation = 1};
        size_t size;
        uint8_t *bytes = read_file(&size, row);
        enum status status = decode_any(&rows, bytes, size, &upright, &err);
        const char *wrong = complaint(row, &rows, status);
        if (wrong) {
            fprintf(stderr, "%s: %s\n", field(row, FILE_NAME), wrong);
            n_wrong++;
        }
        n++;
        rows_free(&rows);
        free(bytes);
    }
    assert_true(n >= n_expected);
    assert_int_equal(n_wrong, 0);
}

/* Without the library. */
__attribute__((unused)) static void check_refused(const char *kind, const char *message)
{
    for (size_t row = 1; row < manifest.n_rows; row++) {
        if (!is_kind(row, kind))
            continue;
        struct rows rows = {.orientation = 1};
        size_t size;
        uint8_t *bytes = read_file(&size, row);
        assert_int_equal(decode_any(&rows, bytes, size, &upright, &err), STATUS_FAILED);
        assert_non_null(strstr(err.message, message));
        free(bytes);
    }
}

static void every_webp_is_what_pillow_makes_of_it_or_refused(void **state)
{
    (void)state;
#ifdef ATK_WEBP
    check_kind("webp", 20);
#else
    check_refused("webp", "this atk-train was built without libwebp");
#endif
}

static void every_bmp_is_what_pillow_makes_of_it_or_refused(void **state)
{
    (void)state;
    check_kind("bmp", 20);
}

static void every_gif_is_what_pillow_makes_of_it_or_refused(void **state)
{
    (void)state;
#ifdef ATK_GIF
    check_kind("gif", 20);
#else
    check_refused("gif", "this atk-train was built without giflib");
#endif
}

static void every_tiff_is_what_pillow_makes_of_it_or_refused(void **state)
{
    (void)state;
#ifdef ATK_TIFF
    check_kind("tif", 40);
#else
    check_refused("tif", "this atk-train was built without libtiff");
#endif
}

/* Any prefix is refused, or is the same image: what is missing is never made up. */
static void what_is_cut_short_is_refused_or_the_same(void **state)
{
    (void)state;
    for (size_t row = 1; row < manifest.n_rows; row++) {
        size_t size;
        uint8_t *bytes = read_file(&size, row);
        for (size_t n = 0; n < size; n++) {
            struct rows rows = {.orientation = 1};
            uint8_t *copy = malloc(n ? n : 1); /* of just that size: a byte beyond is ASan's */
            assert_non_null(copy);
            memcpy(copy, bytes, n);
            enum status status = decode_any(&rows, copy, n, &upright, &err);
            if (status == STATUS_OK && complaint(row, &rows, status))
                fail_msg("%s, %zu bytes of it: %s", field(row, FILE_NAME), n,
                         complaint(row, &rows, status));
            rows_free(&rows);
            free(copy);
        }
        free(bytes);
    }
}

/* What is noted of an image before it is decoded, by its header. */
static void what_decoders_keep_is_known_by_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t for_each_pixel;
    } file[] = {{"lossy.webp", 3},    {"lossless.webp", 7}, {"animated.webp", 7},
                {"rgb24.bmp", 0},     {"rle8.bmp", 1},      {"rle4.bmp", 1},
                {"rgb24_os2.bmp", 0}, {"palette16.gif", 0}, {"interlaced.gif", 1},
                {"comment.gif", 0},   {"rgb8.tif", 0},      {"rgb8_planes.tif", 3},
                {"cmyk16.tif", 0}};
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        for (size_t row = 1; row < manifest.n_rows; row++) {
            if (strcmp(field(row, FILE_NAME), file[i].name) != 0)
                continue;
            size_t size;
            uint8_t *bytes = read_file(&size, row);
            assert_int_equal(image_decode_memory(bytes, size), 21 * 13 * file[i].for_each_pixel);
            assert_int_equal(image_decode_memory(bytes, 13), 0);
            free(bytes);
        }
}

static void frames_and_pages_are_told_without_decoding(void **state)
{
    (void)state;
    int n_several = 0, n_deep = 0;
    for (size_t row = 1; row < manifest.n_rows; row++) {
        size_t size;
        uint8_t *bytes = read_file(&size, row);
        bool several = image_frames_are_several(bytes, size), deep = image_depth_is_16(bytes, size);
        if (several != (atoi(field(row, SEVERAL)) == 1))
            fail_msg("%s: several images: %d", field(row, FILE_NAME), several);
        assert_int_equal(deep, is_kind(row, "tif") && strstr(field(row, FILE_NAME), "16") != NULL);
        n_several += several;
        n_deep += deep;
        for (size_t n = 0; n < size; n++) {
            uint8_t *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, bytes, n);
            assert_true(several || !image_frames_are_several(copy, n));
            free(copy);
        }
        free(bytes);
    }
    assert_int_equal(n_several, 3);
    assert_int_equal(n_deep, 7);
}

static enum status decode_small(const uint8_t *bytes, size_t size)
{
    static const struct image_fit fit = {.size = 5};
    uint8_t rgb[3 * 5 * 5];
    return image_decode_resized(rgb, NULL, &fit, bytes, size, &upright, &err);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    for (size_t row = 1; row < manifest.n_rows; row++) {
        size_t size;
        uint8_t *bytes = read_file(&size, row);
        if (decode_small(bytes, size) == STATUS_OK)
            FAILING_ALLOC_EACH(decode_small(bytes, size), &err)
                assert_memory_equal(err.message, "out of memory: no ", 18);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_webp_is_what_pillow_makes_of_it_or_refused),
        cmocka_unit_test(every_bmp_is_what_pillow_makes_of_it_or_refused),
        cmocka_unit_test(every_gif_is_what_pillow_makes_of_it_or_refused),
        cmocka_unit_test(every_tiff_is_what_pillow_makes_of_it_or_refused),
        cmocka_unit_test(what_is_cut_short_is_refused_or_the_same),
        cmocka_unit_test(frames_and_pages_are_told_without_decoding),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
        cmocka_unit_test(what_decoders_keep_is_known_by_the_header),
    };
    return cmocka_run_group_tests(tests, open_manifest, close_manifest);
}
