#include "image/resize_crop.h"

#include "image/augment_golden.h"

static struct error err;

/* A crop of the golden image's side to another, in memory of its own. */
static void make(struct resize_crop *c, struct arena *memory, int side_in, int side_out,
                 enum image_fit_interpolation interpolation)
{
    *memory = (struct arena){0};
    resize_crop_lay_out(c, side_in, side_out, interpolation, memory);
    assert_int_equal(arena_commit(memory, "a crop", &err), STATUS_OK);
    resize_crop_lay_out(c, side_in, side_out, interpolation, memory);
}

static double mean_difference(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += abs(a[i] - b[i]);
    return sum / (double)n;
}

static void check_crops(enum image_fit_interpolation interpolation, const char *tensor, int most,
                        double most_on_average)
{
    enum { BOXES = 5, MOST = 28 };
    static const int side[] = {8, 20, MOST};
    uint8_t got[3 * MOST * MOST];
    const uint8_t *image = golden("picture", GOLDEN_BYTES);
    for (int s = 0; s < 3; s++) {
        size_t bytes = 3 * (size_t)side[s] * (size_t)side[s];
        char name[32];
        struct arena memory;
        struct resize_crop c;
        make(&c, &memory, GOLDEN_SIDE, side[s], interpolation);
        snprintf(name, sizeof name, "%s/%d", tensor, side[s]);
        const uint8_t *want = golden(name, BOXES * bytes);
        for (int i = 0; i < BOXES; i++, want += bytes) {
            double edge[4];
            for (int e = 0; e < 4; e++)
                edge[e] = golden_number("box", 4 * BOXES, 4 * i + e);
            const struct resize_crop_box box = {.x = edge[0],
                                                .y = edge[1],
                                                .width = edge[2] - edge[0],
                                                .height = edge[3] - edge[1]};
            assert_int_equal(resize_crop_run(got, image, &box, &c, &err), STATUS_OK);
            assert_bytes_near(got, want, bytes, most);
            assert_true(mean_difference(got, want, bytes) <= most_on_average);
        }
        arena_destroy(&memory);
    }
}

static void crops_are_those_of_pil(void **state)
{
    (void)state;
    check_crops(IMAGE_FIT_BILINEAR, "crop", 1, 0.3); /* both round, PIL between the passes too */
    /* At the image's edge PIL cuts the filter off, and here the edge is repeated. */
    check_crops(IMAGE_FIT_BICUBIC, "crop_bicubic", 16, 0.5);
}

static void the_whole_image_keeps_its_bytes_and_mirrors_exactly(void **state)
{
    (void)state;
    enum { SIDE = 13 };
    uint8_t in[SIDE][SIDE][3], out[SIDE][SIDE][3];
    struct arena memory;
    struct resize_crop c;
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        ((uint8_t *)in)[i] = (uint8_t)(i * 91 + 5);
    for (int i = 0; i < 8; i++) {
        int mirror = i % 4;
        const struct resize_crop_box box = {
            .width = SIDE, .height = SIDE, .mirrored_x = mirror % 2, .mirrored_y = mirror / 2};
        make(&c, &memory, SIDE, SIDE, i / 4 ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR);
        assert_int_equal(resize_crop_run((uint8_t *)out, (uint8_t *)in, &box, &c, &err), STATUS_OK);
        arena_destroy(&memory);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                assert_memory_equal(
                    out[y][x], in[mirror / 2 ? SIDE - 1 - y : y][mirror % 2 ? SIDE - 1 - x : x], 3);
    }
}

static void check_mirrored_part(enum image_fit_interpolation interpolation)
{
    enum { SIDE = 9 };
    uint8_t plain[SIDE][SIDE][3], mirrored[SIDE][SIDE][3];
    const uint8_t *image = golden("picture", GOLDEN_BYTES);
    struct resize_crop_box box = {.x = 2.5, .y = 7.25, .width = 13.3, .height = 11};
    struct arena memory;
    struct resize_crop c;
    make(&c, &memory, GOLDEN_SIDE, SIDE, interpolation);
    assert_int_equal(resize_crop_run((uint8_t *)plain, image, &box, &c, &err), STATUS_OK);
    box.mirrored_x = box.mirrored_y = true;
    assert_int_equal(resize_crop_run((uint8_t *)mirrored, image, &box, &c, &err), STATUS_OK);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            assert_memory_equal(mirrored[y][x], plain[SIDE - 1 - y][SIDE - 1 - x], 3);
    arena_destroy(&memory);
}

static void a_mirrored_part_is_the_mirror_image_of_the_part(void **state)
{
    (void)state;
    check_mirrored_part(IMAGE_FIT_BILINEAR);
    check_mirrored_part(IMAGE_FIT_BICUBIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_are_those_of_pil),
        cmocka_unit_test(the_whole_image_keeps_its_bytes_and_mirrors_exactly),
        cmocka_unit_test(a_mirrored_part_is_the_mirror_image_of_the_part),
    };
    return cmocka_run_group_tests(tests, golden_open, golden_close);
}
