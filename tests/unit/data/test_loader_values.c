/* Epochs of given values in place of images (cached features). */
#include "data/loader_fixture.h"

/* Every image in all views, mirrored by hand. */
static void fill_views(float *value, struct dataset *d)
{
    static struct epoch plain;
    struct loader_options opt = options(N_IMAGES, 1);
    opt.shuffle = false;
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&plain, l, 0, 0);
    loader_destroy(l);
    for (int at = 0; at < N_IMAGES * 4 * VALUES; at++) {
        int channel = at % 3, x = at / 3 % IMAGE_SIZE, y = at / 3 / IMAGE_SIZE % IMAGE_SIZE;
        int view = at / VALUES % 4, row = at / VALUES / 4;
        if (view & 1)
            x = IMAGE_SIZE - 1 - x;
        if (view & 2)
            y = IMAGE_SIZE - 1 - y;
        value[at] = plain.x[row * VALUES + 3 * (y * IMAGE_SIZE + x) + channel];
    }
}

static void values_stand_for_the_views_that_mirroring_gives(void **state)
{
    (void)state;
    static struct epoch images, values;
    static float value[N_IMAGES * 4 * VALUES], again[2 * VALUES];
    static const struct augment_options mirrors = {
        .hflip = 0.5, .vflip = 0.3, .crop_scale = {1, 1}, .crop_ratio = {0.75, 4 / 3.0}};
    struct dataset *d = image_set();
    struct loader_options opt = options(5, 2);
    opt.augment = &mirrors;
    opt.balance_classes = 3;
    opt.reread = true;
    opt.n_values = VALUES;
    fill_views(value, d);
    int place[N_IMAGES];
    for (int i = 0; i < N_IMAGES; i++)
        place[i] = i;
    const struct loader_values v = {value, place, VALUES, 4, {0, 1, 2, 3}};
    struct loader *l = create(d, NULL, &opt);
    assert_null(loader_values(l));
    run_epoch(&images, l, 6, 1);
    assert_int_equal(loader_start(l, 6, 0, &err), STATUS_OK); /* and is left under way */
    loader_use_values(l, &v);
    assert_non_null(loader_values(l));
    assert_int_equal(unlink(scratch_path("4.png")), 0); /* nothing is read */
    run_epoch(&values, l, 6, 1);
    assert_memory_equal(&values, &images, sizeof images);
    const int position[2] = {5 + 7, 5 + 2};
    int n = 2, kept[2];
    assert_int_equal(loader_reread(l, again, position, &n, kept, &err), STATUS_OK);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(again + i * VALUES, images.x + (position[i] - 5) * VALUES,
                            VALUES * sizeof(float));
    loader_destroy(l);
    dataset_destroy(d);
}

static void a_slot_has_room_for_more_values_than_an_image_has(void **state)
{
    (void)state;
    enum { MANY = 2 * VALUES + 1 };
    static float value[N_IMAGES * MANY];
    int place[N_IMAGES];
    struct dataset *d = image_set();
    struct loader_options opt = options(4, 1);
    struct batch b;
    opt.n_values = MANY;
    for (int i = 0; i < N_IMAGES; i++)
        place[i] = N_IMAGES - 1 - i;
    for (int i = 0; i < N_IMAGES * MANY; i++)
        value[i] = (float)i;
    const struct loader_values v = {value, place, MANY, 1, {0, 0, 0, 0}};
    struct loader *l = create(d, NULL, &opt);
    loader_use_values(l, &v);
    assert_int_equal(loader_start(l, 2, 0, &err), STATUS_OK);
    while (loader_next(l, &b, &err) == STATUS_OK && b.n > 0)
        for (int i = 0; i < b.n; i++)
            assert_memory_equal(b.x + i * MANY, value + (N_IMAGES - 1 - b.row[i]) * MANY,
                                MANY * sizeof *value);
    loader_destroy(l);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(values_stand_for_the_views_that_mirroring_gives),
        SCRATCH_TEST(a_slot_has_room_for_more_values_than_an_image_has),
    };
    return cmocka_run_group_tests_name("data/loader: values", tests, NULL, NULL);
}
