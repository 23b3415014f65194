/* run/files/mosaic: every byte that was only normalised comes back; each image is in its cell. */
#include "run/files/mosaic.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static const float zero[3] = {0, 0, 0}, one[3] = {1, 1, 1};

static struct error err;

/* The loader's formula, for all bytes of all channels and means and stds far apart. */
static void every_normalised_byte_comes_back(void **state)
{
    static const float mean[][3] = {
        {0, 0, 0}, {0.485F, 0.456F, 0.406F}, {0.6078F, 0.5614F, 0.5394F}, {-3, 1000, 123.456F}};
    static const float std[][3] = {
        {1, 1, 1}, {0.229F, 0.224F, 0.225F}, {0.2727F, 0.2833F, 1.0F / 510}, {1e-4F, 7, 1e4F}};

    (void)state;
    for (size_t i = 0; i < sizeof mean / sizeof mean[0]; i++) {
        for (int byte = 0; byte < 256; byte++) {
            float x[3];
            uint8_t rgb[3];
            for (int c = 0; c < 3; c++)
                x[c] = ((float)byte / 255.0f - mean[i][c]) / std[i][c];
            mosaic_denormalise(rgb, x, 1, mean[i], std[i]);
            for (int c = 0; c < 3; c++)
                assert_int_equal(rgb[c], byte);
        }
    }
}

static void what_is_no_byte_is_cut_off(void **state)
{
    const float x[6] = {-1, 2, 0.5F / 255, 1.4999F / 255, 254.6F / 255, 0.0F / 0.0F};
    uint8_t rgb[6];

    (void)state;
    mosaic_denormalise(rgb, x, 2, zero, one);
    assert_memory_equal(rgb, ((const uint8_t[]){0, 255, 1, 1, 255, 0}), 6);
}

/* Five 2x2 images: three columns, two rows, and the last cell stays empty. */
static void images_stand_row_by_row_with_a_border(void **state)
{
    struct mosaic m;

    (void)state;
    assert_int_equal(mosaic_create(&m, 5, 2, zero, one, &err), STATUS_OK);
    assert_int_equal(m.columns, 3);
    assert_int_equal(m.rows, 2);
    assert_int_equal(m.cell, 2);
    assert_int_equal(m.width, 3 * 4 + 2);
    assert_int_equal(m.height, 2 * 4 + 2);
    for (int i = 0; i < 5; i++) {
        float x[12];
        for (int j = 0; j < 12; j++)
            x[j] = (float)(16 * i + j) / 255;
        assert_int_equal(mosaic_put(&m, i, x, &err), STATUS_OK);
    }
    for (int y = 0; y < m.height; y++) {
        for (int x = 0; x < m.width; x++) {
            int cell = x / 4 + y / 4 * 3, in_x = x % 4 - 2, in_y = y % 4 - 2;
            bool border = in_x < 0 || in_y < 0 || cell == 5;
            for (int c = 0; c < 3; c++)
                assert_int_equal(m.rgb[3 * (y * m.width + x) + c],
                                 border ? 128 : 16 * cell + 6 * in_y + 3 * in_x + c);
        }
    }
    mosaic_free(&m);
    mosaic_free(&m); /* a zeroed one is fine */
}

static void the_whole_is_never_larger_than_its_limit(void **state)
{
    struct mosaic m;

    (void)state;
    for (int n = 1; n <= MOSAIC_MAX_CELLS; n++) {
        assert_int_equal(mosaic_create(&m, n, 700, zero, one, &err), STATUS_OK);
        assert_true(m.width <= MOSAIC_MAX_SIDE && m.height <= MOSAIC_MAX_SIDE);
        assert_true(m.columns * m.rows >= n && m.columns * (m.rows - 1) < n);
        assert_true(m.cell == 700 ||
                    m.width > MOSAIC_MAX_SIDE - m.columns); /* no smaller than need be */
        mosaic_free(&m);
    }
}

/* An image of one colour keeps it when its cell is smaller. */
static void images_shrink_into_their_cells(void **state)
{
    static float x[700 * 700 * 3];
    struct mosaic m;

    (void)state;
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = (float)(i % 3 == 0 ? 200 : i % 3 == 1 ? 7 : 90) / 255;
    assert_int_equal(mosaic_create(&m, 64, 700, zero, one, &err), STATUS_OK);
    assert_int_equal(m.cell, 247);
    assert_int_equal(mosaic_put(&m, 63, x, &err), STATUS_OK);
    for (int y = m.height - 2 - 247; y < m.height - 2; y++)
        for (int at = m.width - 2 - 247; at < m.width - 2; at++)
            assert_memory_equal(m.rgb + 3 * (y * m.width + at), ((const uint8_t[]){200, 7, 90}), 3);
    assert_int_equal(m.rgb[3 * ((m.height - 3) * m.width + m.width - 2)], 128);
    mosaic_free(&m);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    struct mosaic m;

    (void)state;
    FAILING_ALLOC_EACH(mosaic_create(&m, 4, 8, zero, one, &err), &err)
        mosaic_free(&m);
    assert_int_equal(failing_alloc_count(), 3);
    mosaic_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_normalised_byte_comes_back),
        cmocka_unit_test(what_is_no_byte_is_cut_off),
        cmocka_unit_test(images_stand_row_by_row_with_a_border),
        cmocka_unit_test(the_whole_is_never_larger_than_its_limit),
        cmocka_unit_test(images_shrink_into_their_cells),
        cmocka_unit_test(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
