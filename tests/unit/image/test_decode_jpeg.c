/* Besides the files that PIL has made, images that libjpeg encodes here, with what no common
 * program writes. */
#include "image/decode_jpeg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h> /* before jpeglib.h */

#include <jpeglib.h>

#include "image/golden_files.h"

static struct error err;

static void has_the_pixels_that_pil_finds(const char *file, const char *reference)
{
    struct image image, expected;

    golden_decode(&image, file, &as_stored);
    golden_reference(&expected, reference);
    /* Equal on Debian 12; other libjpegs may round the chroma's interpolation another way. */
    if (golden_compare(&image, &expected).largest > 2)
        fail_msg("%s does not have the pixels of %s", file, reference);
    image_free(&image);
    image_free(&expected);
}

static void baseline_progressive_grey_and_cmyk_are_as_in_pil(void **state)
{
    (void)state;
    has_the_pixels_that_pil_finds("rgb444.jpg", "rgb444_jpg.ppm");
    has_the_pixels_that_pil_finds("rgb420.jpg", "rgb420_jpg.ppm");
    has_the_pixels_that_pil_finds("rgb422_progressive.jpg", "rgb422_progressive_jpg.ppm");
    has_the_pixels_that_pil_finds("grey.jpg", "grey_jpg.ppm");
    has_the_pixels_that_pil_finds("cmyk.jpg", "cmyk_jpg.ppm");
}

static void each_of_the_eight_orientations_is_turned_upright(void **state)
{
    (void)state;
    struct image expected;

    golden_reference(&expected, "picture.ppm");
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct image image;
        char name[32];

        snprintf(name, sizeof name, "exif_%d.jpg", orientation);
        golden_decode(&image, name, &turned_upright);
        /* Quality 95 is below 1 level away here; any wrong turn above 30. */
        assert_true(golden_compare(&image, &expected).mean < 2);
        image_free(&image);

        golden_decode(&image, name, &as_stored);
        assert_int_equal(image.width, orientation < 5 ? 21 : 13);
        image_free(&image);
    }
    image_free(&expected);
}

/* A smooth image, so that little is lost when its chroma is stored at half the size. */
static struct image smooth_image(void)
{
    struct image image;

    assert_int_equal(image_create(&image, 67, 45, &err), STATUS_OK);
    for (int y = 0; y < 45; y++) {
        for (int x = 0; x < 67; x++) {
            uint8_t *pixel = image.rgb + 3 * (y * 67 + x);

            pixel[0] = (uint8_t)(40 + 2 * x);
            pixel[1] = (uint8_t)(200 - 3 * y);
            pixel[2] = (uint8_t)(60 + x + y);
        }
    }
    return image;
}

struct encoding {
    J_COLOR_SPACE input, stored;
    int sampling[4][2]; /* of each component, horizontal and vertical; 0: 1 x 1 */
    int restart_rows;
    const jpeg_scan_info *scans;
    int n_scans;
};

/* CMYK goes in as Photoshop has it: 255 - ink, here with no black. */
static uint8_t *encode(size_t *size, const struct image *image, const struct encoding *e)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    JSAMPLE row[4 * 67];
    JSAMPROW rows = row;
    int channels = e->input == JCS_CMYK ? 4 : 3;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = (JDIMENSION)image->width;
    jpeg.image_height = (JDIMENSION)image->height;
    jpeg.input_components = channels;
    jpeg.in_color_space = e->input;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, e->stored);
    jpeg_set_quality(&jpeg, 95, TRUE);
    for (int c = 0; c < jpeg.num_components; c++) {
        jpeg.comp_info[c].h_samp_factor = e->sampling[c][0] > 0 ? e->sampling[c][0] : 1;
        jpeg.comp_info[c].v_samp_factor = e->sampling[c][1] > 0 ? e->sampling[c][1] : 1;
    }
    jpeg.restart_in_rows = e->restart_rows;
    jpeg.scan_info = e->scans;
    jpeg.num_scans = e->n_scans;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        const uint8_t *from = image->rgb + 3 * jpeg.next_scanline * jpeg.image_width;

        memset(row, 255, sizeof row);
        for (int x = 0; x < image->width; x++)
            memcpy(row + x * channels, from + 3 * x, 3);
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = n;
    return bytes;
}

static void survives(const struct encoding *e)
{
    struct image original = smooth_image(), decoded;
    size_t size;
    uint8_t *bytes = encode(&size, &original, e);

    if (whole_image_decode(&decoded, bytes, size, &as_stored, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    /* Chroma stored at a quarter of the size costs 1.5 levels here; swapped or inverted channels
     * cost 50 and more. */
    assert_true(golden_compare(&decoded, &original).mean < 3);
    image_free(&decoded);
    image_free(&original);
    free(bytes);
}

static void any_sampling_is_decoded(void **state)
{
    (void)state;
    static const int luma[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {4, 2}, {3, 1}};

    for (size_t i = 0; i < sizeof luma / sizeof luma[0]; i++) {
        struct encoding e = {.input = JCS_RGB, .stored = JCS_YCbCr};

        memcpy(e.sampling[0], luma[i], sizeof luma[i]);
        survives(&e);
    }
    survives(&(struct encoding){
        .input = JCS_RGB, .stored = JCS_YCbCr, .sampling = {{2, 2}, {1, 2}, {2, 1}}});
}

static void rgb_cmyk_ycck_and_restarts_are_decoded(void **state)
{
    (void)state;
    survives(&(struct encoding){.input = JCS_RGB, .stored = JCS_RGB});
    survives(&(struct encoding){.input = JCS_RGB, .stored = JCS_YCbCr, .restart_rows = 1});
    survives(&(struct encoding){.input = JCS_CMYK, .stored = JCS_CMYK});
    survives(&(struct encoding){.input = JCS_CMYK, .stored = JCS_YCCK});
}

/* One scan for the means of all components, then one for each coefficient of the first two. */
static void a_progressive_bomb_is_refused(void **state)
{
    (void)state;
    static jpeg_scan_info scans[1 + 2 * 63];
    struct encoding e = {.input = JCS_RGB, .stored = JCS_YCbCr, .scans = scans};
    struct image original = smooth_image(), decoded;
    uint8_t *bytes;
    size_t size;

    scans[0] = (jpeg_scan_info){.comps_in_scan = 3, .component_index = {0, 1, 2}};
    for (int i = 0; i < 2 * 63; i++)
        scans[1 + i] = (jpeg_scan_info){
            .comps_in_scan = 1, .component_index = {i / 63}, .Ss = 1 + i % 63, .Se = 1 + i % 63};
    e.n_scans = 64;
    survives(&e);

    e.n_scans = 1 + 2 * 63;
    bytes = encode(&size, &original, &e);
    assert_int_equal(whole_image_decode(&decoded, bytes, size, &as_stored, &err), STATUS_FAILED);
    assert_string_equal(err.message, "JPEG has more than 100 scans");
    image_free(&original);
    free(bytes);
}

static void missing_data_is_an_error_and_not_grey_rows(void **state)
{
    (void)state;
    struct image original = smooth_image(), decoded;
    struct encoding e = {.input = JCS_RGB, .stored = JCS_YCbCr};
    size_t size;
    uint8_t *bytes = encode(&size, &original, &e);

    assert_int_equal(whole_image_decode(&decoded, bytes, size * 3 / 4, &as_stored, &err),
                     STATUS_FAILED);
    assert_string_equal(err.message, "JPEG is damaged: Premature end of JPEG file");
    image_free(&original);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(baseline_progressive_grey_and_cmyk_are_as_in_pil),
        cmocka_unit_test(each_of_the_eight_orientations_is_turned_upright),
        cmocka_unit_test(any_sampling_is_decoded),
        cmocka_unit_test(rgb_cmyk_ycck_and_restarts_are_decoded),
        cmocka_unit_test(a_progressive_bomb_is_refused),
        cmocka_unit_test(missing_data_is_an_error_and_not_grey_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
