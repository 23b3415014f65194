/* Every file of ../shared/data/formats behaves as its manifest.csv says. It is from when JPEG and
 * PNG alone were read: files of kinds that came later, and that have a reference, have to equal it.
 * That folder is no part of the project: without it (it is looked for in $ATK_SHARED, then in
 * ../shared) the tests say that they are skipped. */
#include "base/files.h"
#include "io/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/sha256.h"
#include "whole_image.h"

#define MAX_FILE_BYTES (64 << 20)

static char folder[4096];
static struct csv_table manifest; /* n_rows 0: the folder is not there */

static int open_manifest(void **state)
{
    const char *shared = getenv("ATK_SHARED");
    struct error err;
    char path[4200];

    (void)state;
    snprintf(folder, sizeof folder, "%s/data/formats", shared != NULL ? shared : "../shared");
    snprintf(path, sizeof path, "%s/manifest.csv", folder);
    if (!files_exist(path)) {
        fprintf(stderr, "SKIPPED: %s is not there\n", path);
        return 0;
    }
    if (csv_table_read(&manifest, path, ',', &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    return 0;
}

static int close_manifest(void **state)
{
    (void)state;
    csv_table_free(&manifest);
    return 0;
}

static const char *field(size_t row, const char *column)
{
    for (int i = 0; i < manifest.row[0].n_fields; i++)
        if (strcmp(manifest.row[0].field[i], column) == 0)
            return manifest.row[row].field[i];
    fail_msg("manifest.csv has no column %s", column);
    return NULL;
}

static bool begins(const uint8_t *bytes, size_t size, size_t at, const char *magic)
{
    size_t n = strlen(magic);
    return size >= at + n && memcmp(bytes + at, magic, n) == 0;
}

/* Whether this build reads it, though the manifest knows it as a file to refuse. */
static bool came_later(const uint8_t *bytes, size_t size)
{
#ifdef ATK_WEBP
    if (begins(bytes, size, 8, "WEBP"))
        return true;
#endif
#ifdef ATK_GIF
    if (begins(bytes, size, 0, "GIF8"))
        return true;
#endif
#ifdef ATK_TIFF
    if (begins(bytes, size, 0, "II*") || begins(bytes, size, 0, "MM"))
        return true;
#endif
    return begins(bytes, size, 0, "BM");
}

/* Why the file does not behave as it should, or NULL. */
static const char *complaint(size_t row, bool apply_exif)
{
    const struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT,
                                        .apply_exif = apply_exif};
    const char *expected = field(row, "expected");
    const char *reference = field(row, "rgb8_sha256_exif_applied");
    static char text[1400];
    char path[8300], hex[65];
    struct image image;
    struct error err;
    uint8_t *bytes;
    size_t size;
    enum status status;

    if (!apply_exif || *reference == '\0')
        reference = field(row, "rgb8_sha256_ref");
    snprintf(path, sizeof path, "%s/%s", folder, field(row, "file"));
    assert_int_equal(files_read(&bytes, &size, path, MAX_FILE_BYTES, &err), STATUS_OK);
    status = whole_image_decode(&image, bytes, size, &limits, &err);
    if (*reference != '\0' && came_later(bytes, size))
        expected = "decode";
    free(bytes);

    if (status != STATUS_OK) {
        if (image.rgb != NULL)
            return "leaves an image behind an error";
        if (*err.message == '\0' || strchr(err.message, '\n') != NULL)
            return "is refused, but not with one line";
        snprintf(text, sizeof text, "is refused: %s", err.message);
        return strcmp(expected, "decode") == 0 ? text : NULL;
    }
    sha256_hex(hex, image.rgb, 3 * (size_t)image.width * (size_t)image.height);
    image_free(&image);
    if (strcmp(expected, "refuse") == 0)
        return "decodes, but has to be refused";
    /* PNG is exact by its standard. JPEG is exact with libjpeg-turbo, which is what Debian has. */
    if (strcmp(expected, "decode") == 0 && strcmp(hex, reference) != 0)
        return "decodes to other pixels than the reference";
    return NULL;
}

static void check_all(bool apply_exif)
{
    int n_wrong = 0;

    if (manifest.n_rows == 0)
        skip();
    for (size_t row = 1; row < manifest.n_rows; row++) {
        const char *wrong = complaint(row, apply_exif);

        if (wrong != NULL) {
            fprintf(stderr, "%s %s\n", field(row, "file"), wrong);
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
}

static void sha256_of_nothing_of_abc_and_of_many_blocks_are_the_published_ones(void **state)
{
    (void)state;
    static uint8_t many[1000000];
    char hex[65];

    sha256_hex(hex, NULL, 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex(hex, (const uint8_t *)"abc", 3);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    memset(many, 'a', sizeof many);
    sha256_hex(hex, many, sizeof many);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void every_file_of_the_set_behaves_as_its_manifest_says(void **state)
{
    (void)state;
    check_all(false);
}

static void every_file_behaves_so_with_the_exif_orientation_applied(void **state)
{
    (void)state;
    check_all(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_nothing_of_abc_and_of_many_blocks_are_the_published_ones),
        cmocka_unit_test(every_file_of_the_set_behaves_as_its_manifest_says),
        cmocka_unit_test(every_file_behaves_so_with_the_exif_orientation_applied),
    };
    return cmocka_run_group_tests(tests, open_manifest, close_manifest);
}
