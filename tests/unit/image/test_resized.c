/* image_decode_resized: decode, JPEG scale, resize and turn in one go. */
#include "image/image_decode.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h> /* before jpeglib.h */

#include <jpeglib.h>

#include "image/encode_png.h"
#include "image/golden_resize.h"

static struct error err;

/* The average of each pixel with its neighbours to the right and below: edges as sharp as an ideal
 * lens and sensor give them. */
static void soften(struct image *image)
{
    size_t row = 3 * (size_t)image->width;

    for (int y = 0; y < image->height - 1; y++) {
        uint8_t *at = image->rgb + (size_t)y * row;

        for (size_t i = 0; i < row - 3; i++)
            at[i] = (uint8_t)((at[i] + at[i + 3] + at[i + row] + at[i + row + 3] + 2) / 4);
    }
}

/* Rectangles of random size, place and colour over each other, a little noise on them. */
static struct image sharp_image(int width, int height)
{
    struct image image;
    uint32_t random = 12345;

    assert_int_equal(image_create(&image, width, height, &err), STATUS_OK);
    for (int i = 0; i < 3 * width * height; i++)
        image.rgb[i] = 128;
    for (int i = 0; i < 60; i++) {
        int at[6];

        for (int k = 0; k < 6; k++) {
            random = random * 1664525U + 1013904223U;
            at[k] = (int)(random >> 12);
        }
        int x0 = at[0] % width, y0 = at[1] % height, w = 1 + at[2] % (width / 4),
            h = 1 + at[3] % (height / 4);
        for (int y = y0; y < y0 + h && y < height; y++)
            for (int x = x0; x < x0 + w && x < width; x++)
                for (int c = 0; c < 3; c++)
                    image.rgb[3 * (y * width + x) + c] =
                        (uint8_t)(20 + (at[4] >> (6 * c)) % 200 + (x * 7 + y * 13 + c) % 9);
    }
    soften(&image);
    return image;
}

/* 4:2:0, quality 90. */
static uint8_t *encode(size_t *size, const struct image *image)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = (JDIMENSION)image->width;
    jpeg.image_height = (JDIMENSION)image->height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = image->rgb + 3 * jpeg.next_scanline * jpeg.image_width;

        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = n;
    return bytes;
}

enum { SIDE = 96, BYTES = 3 * SIDE * SIDE };

static const struct image_fit squashed = {.size = SIDE};

static double mean_difference(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;

    for (int i = 0; i < BYTES; i++)
        sum += abs(a[i] - b[i]);
    return sum / BYTES;
}

/* Mean difference of the square at a JPEG scale to that of the full decode. */
static double cost_of_fit(const struct image_fit *fit, enum image_jpeg_scale scale, int width,
                          int height)
{
    struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT, .jpeg_scale = scale};
    struct image original = sharp_image(width, height);
    uint8_t square[BYTES], reference[BYTES];
    size_t size;
    uint8_t *bytes = encode(&size, &original);

    assert_int_equal(image_decode_resized(square, NULL, fit, bytes, size, &limits, &err),
                     STATUS_OK);
    limits.jpeg_scale = IMAGE_JPEG_OFF;
    assert_int_equal(image_decode_resized(reference, NULL, fit, bytes, size, &limits, &err),
                     STATUS_OK);
    image_free(&original);
    free(bytes);
    return mean_difference(square, reference);
}

/* The same for a squashed one, beside the whole image resized. */
static double cost_of(enum image_jpeg_scale scale, int width, int height)
{
    struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT, .jpeg_scale = scale};
    struct image original = sharp_image(width, height), full;
    uint8_t square[BYTES], reference[BYTES];
    size_t size;
    uint8_t *bytes = encode(&size, &original);

    assert_int_equal(image_decode_resized(square, NULL, &squashed, bytes, size, &limits, &err),
                     STATUS_OK);
    assert_int_equal(whole_image_decode(&full, bytes, size, &limits, &err), STATUS_OK);
    assert_int_equal(full.width, width); /* whatever the scale */
    assert_int_equal(resize_bilinear(reference, SIDE, &full, &err), STATUS_OK);
    image_free(&original);
    image_free(&full);
    free(bytes);
    return mean_difference(square, reference);
}

static void off_gives_the_bytes_of_the_full_image(void **state)
{
    (void)state;
    assert_true(cost_of(IMAGE_JPEG_OFF, 900, 700) == 0);
}

/* What is lost is inherent: a DCT cut off is not quite an average. It grows as the target comes
 * near to half of what was decoded. 643 is to 96 what 3000 is to 448; its last column at 4/8 stands
 * for one pixel instead of two: taken as whole it would cost 0.66. */
static void auto_costs_a_third_of_a_grey_level_and_at_its_limit_little_more(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        double most;
    } cases[] = {
        {643, 857, 0.3}, {500, 500, 0.3}, {1286, 1500, 0.3}, {384, 384, 0.4}, {768, 768, 0.4}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double cost = cost_of(IMAGE_JPEG_AUTO, cases[i].width, cases[i].height);

        /* 0 would mean that no scale was used. */
        if (cost == 0 || cost > cases[i].most)
            fail_msg("%d x %d: %.3f grey levels", cases[i].width, cases[i].height, cost);
    }
}

/* 4/8 of 384 is twice 96; of 383 it is 191.5, which libjpeg rounds up, and we do not. */
static void auto_keeps_both_sides_at_twice_the_target(void **state)
{
    (void)state;
    assert_true(cost_of(IMAGE_JPEG_AUTO, 384, 384) > 0);
    assert_true(cost_of(IMAGE_JPEG_AUTO, 383, 1000) == 0);
    assert_true(cost_of(IMAGE_JPEG_AUTO, 1000, 383) == 0);
}

static void fast_keeps_both_sides_at_the_target(void **state)
{
    (void)state;
    assert_true(cost_of(IMAGE_JPEG_FAST, 191, 1000) == 0);
    assert_true(cost_of(IMAGE_JPEG_FAST, 1000, 191) == 0);
    /* It differs by something, or it is not used; by more than 8 a wrong place would. */
    assert_in_range((int)(1000 * cost_of(IMAGE_JPEG_FAST, 192, 192)), 1, 8000);
    assert_in_range((int)(1000 * cost_of(IMAGE_JPEG_FAST, 768, 768)), 1, 8000);
}

static void turning_the_square_is_turning_the_image(void **state)
{
    (void)state;
    static const char *const names[] = {"exif_1.jpg", "exif_2.jpg",     "exif_3.jpg", "exif_4.jpg",
                                        "exif_5.jpg", "exif_6.jpg",     "exif_7.jpg", "exif_8.jpg",
                                        "exif_6.png", "exif_6_late.png"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct image upright;
        uint8_t square[BYTES], reference[BYTES], *bytes;
        size_t size;

        golden_read(&bytes, &size, names[i]);
        golden_decode(&upright, names[i], &turned_upright);
        assert_int_equal(resize_bilinear(reference, SIDE, &upright, &err), STATUS_OK);
        assert_int_equal(
            image_decode_resized(square, NULL, &squashed, bytes, size, &turned_upright, &err),
            STATUS_OK);
        /* The order of the two passes moves a rounding: 0.03 at most. A wrong turn costs 30. */
        if (mean_difference(square, reference) > 0.1)
            fail_msg("%s: %.3f grey levels", names[i], mean_difference(square, reference));
        image_free(&upright);
        free(bytes);
    }
}

/* The bytes of a PNG, which the caller frees. */
static uint8_t *encode_whole(size_t *size, const struct image *image)
{
    char *bytes;
    FILE *stream = open_memstream(&bytes, size);

    assert_non_null(stream);
    assert_int_equal(encode_png(stream, image->rgb, image->width, image->height, &err), STATUS_OK);
    assert_int_equal(fclose(stream), 0);
    return (uint8_t *)bytes;
}

/* Whether a file gives the square that a PNG of its upright image gives, and the same aspect. */
static void check_turned(const char *name, const struct image_fit *fit)
{
    struct image upright;
    uint8_t square[BYTES], reference[BYTES], *bytes, *png;
    double aspect, upright_aspect;
    size_t size, png_size;

    golden_decode(&upright, name, &turned_upright);
    png = encode_whole(&png_size, &upright);
    golden_read(&bytes, &size, name);
    assert_int_equal(image_decode_resized(square, &aspect, fit, bytes, size, &turned_upright, &err),
                     STATUS_OK);
    assert_int_equal(
        image_decode_resized(reference, &upright_aspect, fit, png, png_size, &turned_upright, &err),
        STATUS_OK);
    /* A pixel beside its place costs 1 and more. */
    if (mean_difference(square, reference) > 0.1)
        fail_msg("%s %s %s: %.3f grey levels", name, image_fit_resize_name[fit->resize],
                 image_fit_interpolation_name[fit->interpolation],
                 mean_difference(square, reference));
    assert_true(aspect / upright_aspect > 1 - 1e-12 && aspect / upright_aspect < 1 + 1e-12);
    image_free(&upright);
    free(bytes);
    free(png);
}

/* Where half a pixel goes, to the left or to the right, is said of the upright image. 21 x 13 at
 * 96: cropped at 5 and 23 pixels too many, letterboxed with 37 too few. */
static void places_are_those_of_the_upright_image(void **state)
{
    (void)state;
    static const char *const names[] = {
        "exif_1.jpg", "exif_2.jpg", "exif_3.jpg", "exif_4.jpg",     "exif_5.jpg",     "exif_6.jpg",
        "exif_7.jpg", "exif_8.jpg", "exif_6.png", "exif_6_xmp.png", "exif_6_late.png"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct image_fit fit = {.size = SIDE, .crop_fraction = 0.95};

        for (int resize = IMAGE_FIT_SQUASH; resize <= IMAGE_FIT_LETTERBOX; resize++) {
            fit.resize = (enum image_fit_resize)resize;
            fit.interpolation = IMAGE_FIT_BILINEAR;
            check_turned(names[i], &fit);
            fit.interpolation = IMAGE_FIT_BICUBIC;
            check_turned(names[i], &fit);
        }
    }
}

/* What is enlarged 4 times at the side is not decoded at less than twice that. */
static void the_jpeg_scale_counts_what_is_cropped_off(void **state)
{
    (void)state;
    struct image_fit fit = {
        .size = SIDE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.5}; /* 192 of the shorter side */

    assert_true(cost_of_fit(&fit, IMAGE_JPEG_AUTO, 700, 767) == 0);
    assert_true(cost_of_fit(&fit, IMAGE_JPEG_AUTO, 767, 1500) == 0);
    assert_in_range((int)(1000 * cost_of_fit(&fit, IMAGE_JPEG_AUTO, 768, 900)), 1, 500);
    fit.interpolation = IMAGE_FIT_BICUBIC;
    assert_in_range((int)(1000 * cost_of_fit(&fit, IMAGE_JPEG_AUTO, 768, 900)), 1, 600);
    fit.resize = IMAGE_FIT_LETTERBOX; /* 96 x 38 */
    assert_true(cost_of_fit(&fit, IMAGE_JPEG_AUTO, 383, 152) == 0);
    assert_in_range((int)(1000 * cost_of_fit(&fit, IMAGE_JPEG_AUTO, 385, 153)), 1, 600);
}

struct fit_case {
    int width, height;
    struct image_fit fit;
};

static bool read_case(struct fit_case *c, const char *line)
{
    char resize[16], interpolation[16];

    if (sscanf(line, "%d,%d,%d,%15[^,],%lf,%15s", &c->width, &c->height, &c->fit.size, resize,
               &c->fit.crop_fraction, interpolation) != 6)
        return false;
    for (int i = 0; i < 3; i++)
        if (strcmp(resize, image_fit_resize_name[i]) == 0)
            c->fit.resize = (enum image_fit_resize)i;
    c->fit.interpolation =
        strcmp(interpolation, "bicubic") == 0 ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR;
    return true;
}

/* Bars are where PIL has painted them in pink; around them it is the image. Returns the mean
 * difference of what is no bar. */
static double distance_around_bars(const struct image *expected, int row, const uint8_t *square,
                                   const struct fit_case *c)
{
    static const uint8_t pink[3] = {255, 0, 255};
    const struct image_fit_place shown = image_fit_shown(&c->fit, (double)c->width / c->height);
    double sum = 0;
    int n = 0;

    for (int i = 0; i < expected->width; i++) {
        const uint8_t *pil = expected->rgb + 3 * (row * expected->width + i);
        int at = golden_sample(i, c->fit.size), x = at % c->fit.size, y = at / c->fit.size;
        bool bar =
            x < shown.x || x >= shown.x + shown.width || y < shown.y || y >= shown.y + shown.height;

        assert_int_equal(bar, memcmp(pil, pink, 3) == 0);
        for (int k = 0; !bar && k < 3; k++, n++)
            sum += abs(square[3 * at + k] - pil[k]);
    }
    return sum / n;
}

static void squares_are_those_of_pil_and_torchvision(void **state)
{
    (void)state;
    static uint8_t square[3 * 224 * 224];
    struct image expected;
    char *line, *rest = NULL;
    uint8_t *cases;
    size_t size;
    int row = 0;

    golden_decode(&expected, "fit.png", &as_stored);
    golden_read(&cases, &size, "fit.csv");
    strtok_r((char *)cases, "\n", &rest); /* the header */
    for (; (line = strtok_r(NULL, "\n", &rest)) != NULL; row++) {
        struct fit_case c = {0};
        assert_true(read_case(&c, line));
        struct image source = golden_source(c.width, c.height);
        size_t png_size;
        uint8_t *png = encode_whole(&png_size, &source);
        assert_int_equal(
            image_decode_resized(square, NULL, &c.fit, png, png_size, &as_stored, &err), STATUS_OK);
        double distance = distance_around_bars(&expected, row, square, &c);
        /* As image/test_resize and test_resize_stb have it; of 9 rows two are an edge. A pixel
         * beside its place: 20. */
        if (distance > (c.width > 6 * c.height || c.height > 6 * c.width ? 0.8 : 0.5))
            fail_msg("%s: %.3f grey levels", line, distance);
        image_free(&source);
        free(png);
    }
    assert_int_equal(row, expected.height);
    free(cases);
    image_free(&expected);
}

static void interlaced_and_plain_png_give_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"rgb8.png", "rgb8_interlaced.png"};
    uint8_t square[2][BYTES];

    for (int i = 0; i < 2; i++) {
        uint8_t *bytes;
        size_t size;

        golden_read(&bytes, &size, names[i]);
        assert_int_equal(
            image_decode_resized(square[i], NULL, &squashed, bytes, size, &as_stored, &err),
            STATUS_OK);
        free(bytes);
    }
    assert_memory_equal(square[0], square[1], BYTES);
}

static void limits_count_the_pixels_that_are_stored(void **state)
{
    (void)state;
    struct image_limits limits = {.max_pixels = 800 * 800 - 1};
    struct image original = sharp_image(800, 800);
    uint8_t square[BYTES];
    size_t size;
    uint8_t *bytes = encode(&size, &original);

    assert_int_equal(image_decode_resized(square, NULL, &squashed, bytes, size, &limits, &err),
                     STATUS_FAILED);
    assert_string_equal(err.message, "image has 800 x 800 = 640000 pixels, more than 639999");
    limits.max_pixels++;
    assert_int_equal(image_decode_resized(square, NULL, &squashed, bytes, size, &limits, &err),
                     STATUS_OK);
    assert_int_equal(image_decode_resized(square, NULL, &squashed, bytes, size / 2, &limits, &err),
                     STATUS_FAILED);
    assert_string_equal(err.message, "JPEG is damaged: Premature end of JPEG file");
    image_free(&original);
    free(bytes);
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    static const char *const names[] = {"exif_6.jpg", "exif_6.png", "palette4_interlaced.png"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t square[BYTES], *bytes;
        size_t size;

        golden_read(&bytes, &size, names[i]);
        FAILING_ALLOC_EACH(
            image_decode_resized(square, NULL, &squashed, bytes, size, &turned_upright, &err), &err)
            ;
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_gives_the_bytes_of_the_full_image),
        cmocka_unit_test(auto_costs_a_third_of_a_grey_level_and_at_its_limit_little_more),
        cmocka_unit_test(auto_keeps_both_sides_at_twice_the_target),
        cmocka_unit_test(fast_keeps_both_sides_at_the_target),
        cmocka_unit_test(turning_the_square_is_turning_the_image),
        cmocka_unit_test(places_are_those_of_the_upright_image),
        cmocka_unit_test(the_jpeg_scale_counts_what_is_cropped_off),
        cmocka_unit_test(squares_are_those_of_pil_and_torchvision),
        cmocka_unit_test(interlaced_and_plain_png_give_the_same),
        cmocka_unit_test(limits_count_the_pixels_that_are_stored),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
