/* Epochs of images that are cropped, letterboxed, or interpolated by cubics. */
#include "data/loader_fixture.h"

static const struct image_fit every_fit[] = {
    {.size = IMAGE_SIZE, .interpolation = IMAGE_FIT_BICUBIC},
    {.size = IMAGE_SIZE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.8},
    {.size = IMAGE_SIZE,
     .resize = IMAGE_FIT_CROP,
     .interpolation = IMAGE_FIT_BICUBIC,
     .crop_fraction = 0.8},
    {.size = IMAGE_SIZE, .resize = IMAGE_FIT_LETTERBOX},
    {.size = IMAGE_SIZE, .resize = IMAGE_FIT_LETTERBOX, .interpolation = IMAGE_FIT_BICUBIC},
};

static void every_fit_gives_the_same_bytes_however_it_is_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct augment_options uncropped = strong;
    uncropped.crop_scale[0] = 1;
    struct dataset *d = image_set();
    for (size_t i = 0; i < sizeof every_fit / sizeof every_fit[0]; i++) {
        for (int how = 0; how < 3; how++) { /* as they are, with crops, without crops */
            struct cache *cache;
            struct loader_options opt = options(N_IMAGES, 1);
            opt.fit = every_fit[i];
            opt.augment = how == 0 ? NULL : how == 1 ? &strong : &uncropped;
            struct loader *l = create(d, NULL, &opt);
            run_epoch(&expected, l, 3, 0);
            loader_destroy(l);
            assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE, 1 << 20, &err), STATUS_OK);
            for (int workers = 2; workers <= 4; workers++) {
                opt.workers = workers;
                opt.batch_size = 2 * workers + 1;
                l = create(d, cache, &opt);
                run_epoch(&got, l, 3, 0);
                assert_memory_equal(&got, &expected, sizeof got);
                loader_destroy(l);
            }
            cache_destroy(cache);
        }
    }
    dataset_destroy(d);
}

/* Image i is 5 + 3 i wide and 40 - i high, but for 1, which is square; none has a black pixel of
 * mean colour. */
static void bars_are_exactly_zero_and_nothing_else_is(void **state)
{
    (void)state;
    struct augment_options light = {
        .crop_scale = {1, 1}, .crop_ratio = {1, 1}, .brightness = 0.3, .contrast = 0.5, .hue = 0.1};
    static struct epoch got;
    struct dataset *d = image_set();
    for (int augmented = 0; augmented < 2; augmented++) {
        struct loader_options opt = options(5, 2);
        opt.shuffle = false;
        opt.fit.resize = IMAGE_FIT_LETTERBOX;
        opt.augment = augmented ? &light : NULL;
        for (int c = 0; c < 3; c++)
            opt.mean[c] = 0.1234567F * (float)(c + 2);
        struct loader *l = create(d, NULL, &opt);
        run_epoch(&got, l, 0, 0);
        loader_destroy(l);
        for (int i = 0; i < N_IMAGES; i++) {
            double aspect = i == 1 ? 1 : (5 + 3 * i) / (40.0 - i);
            const struct image_fit_place shown = image_fit_shown(&opt.fit, aspect);
            for (int k = 0; k < VALUES; k++) {
                int x = k / 3 % IMAGE_SIZE, y = k / 3 / IMAGE_SIZE;
                bool bar = x < shown.x || x >= shown.x + shown.width || y < shown.y ||
                           y >= shown.y + shown.height;
                assert_int_equal(bar, got.x[i * VALUES + k] == 0);
            }
        }
    }
    dataset_destroy(d);
}

static void random_crops_are_taken_from_whole_images(void **state)
{
    (void)state;
    struct augment_options mirrored = {.hflip = 0.5, .crop_scale = {1, 1}, .crop_ratio = {1, 1}};
    struct loader_options opt = options(4, 1);
    opt.fit =
        (struct image_fit){.size = IMAGE_SIZE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.875};
    assert_int_equal(loader_image_fit(&opt).resize, IMAGE_FIT_CROP);
    opt.augment = &mirrored;
    assert_int_equal(loader_image_fit(&opt).resize, IMAGE_FIT_CROP);
    opt.augment = &strong;
    opt.image_side = 2 * IMAGE_SIZE;
    assert_int_equal(loader_image_fit(&opt).resize, IMAGE_FIT_SQUASH);
    assert_int_equal(loader_image_fit(&opt).size, 2 * IMAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(every_fit_gives_the_same_bytes_however_it_is_made),
        SCRATCH_TEST(bars_are_exactly_zero_and_nothing_else_is),
        cmocka_unit_test(random_crops_are_taken_from_whole_images),
    };
    return cmocka_run_group_tests_name("data/loader: fit", tests, NULL, NULL);
}
