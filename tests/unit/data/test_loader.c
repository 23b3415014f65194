#include "data/loader.h"

#include "base/parallel.h"
#include "data/picture_set.h"
#include "failing_alloc.h"

enum { VALUES = PICTURE_SIZE * PICTURE_SIZE * 3 };

static struct error err;

static struct loader_options options(int batch_size, int workers)
{
    return (struct loader_options){
        .fit = {.size = PICTURE_SIZE},
        .batch_size = batch_size,
        .std = {1, 1, 1},
        .shuffle = true,
        .seed = 5,
        .workers = workers,
        .limits = {.max_pixels = 100000},
    };
}

/* A loader over all rows. */
static struct loader *create(const struct dataset *d, struct cache *cache,
                             const struct loader_options *opt)
{
    struct loader *l;
    int rows[N_PICTURES];
    for (int i = 0; i < N_PICTURES; i++)
        rows[i] = i;
    if (loader_create(&l, d, rows, N_PICTURES, cache, opt, &err))
        fail_msg("%s", err.message);
    return l;
}

/* What an epoch delivered, batches put end to end. */
struct epoch {
    int n, row[N_PICTURES], label[N_PICTURES];
    float x[N_PICTURES * VALUES];
};

static void run_epoch(struct epoch *out, struct loader *l, int epoch, int first_batch)
{
    struct batch b;
    int index = first_batch;
    memset(out, 0, sizeof *out);
    assert_int_equal(loader_start(l, epoch, first_batch, &err), STATUS_OK);
    for (;;) {
        if (loader_next(l, &b, &err))
            fail_msg("%s", err.message);
        if (b.n == 0)
            break;
        assert_int_equal(b.index, index++);
        assert_true(b.wait_seconds >= 0);
        memcpy(out->row + out->n, b.row, (size_t)b.n * sizeof(int));
        memcpy(out->label + out->n, b.label, (size_t)b.n * sizeof(int));
        memcpy(out->x + out->n * VALUES, b.x, (size_t)b.n * VALUES * sizeof(float));
        out->n += b.n;
    }
    assert_int_equal(index, loader_batches(l));
}

static void an_epoch_has_the_same_bytes_however_it_is_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct dataset *d = picture_set();
    struct loader_options opt = options(4, 1);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&expected, l, 3, 0);
    assert_int_equal(expected.n, N_PICTURES);
    loader_destroy(l);

    const size_t picture = square_bytes(PICTURE_SIZE),
                 budgets[] = {0, 3 * picture + 1, 100 * picture};
    for (int workers = 1; workers <= 4; workers *= 2) {
        for (int batch_size = 1; batch_size <= N_PICTURES + 1; batch_size += 3) {
            for (int b = 0; b < 3; b++) {
                struct cache *cache;
                assert_int_equal(cache_create(&cache, N_PICTURES, PICTURE_SIZE, budgets[b], &err),
                                 STATUS_OK);
                opt = options(batch_size, workers);
                l = create(d, b ? cache : NULL, &opt);
                for (int pass = 0; pass < 2; pass++) { /* cold, then warm */
                    run_epoch(&got, l, 3, 0);
                    assert_memory_equal(&got, &expected, sizeof got);
                }
                int held = 0;
                for (int row = 0; row < N_PICTURES; row++)
                    held += cache_find(cache, row) != NULL;
                assert_int_equal(held, b == 0 ? 0 : b == 1 ? 3 : N_PICTURES);
                loader_destroy(l);
                cache_destroy(cache);
            }
        }
    }
    dataset_destroy(d);
}

static const struct augment_options strong = {.hflip = 0.5,
                                              .vflip = 0.5,
                                              .crop_scale = {0.3, 1},
                                              .crop_ratio = {0.75, 4 / 3.0},
                                              .rotate = 20,
                                              .brightness = 0.4,
                                              .contrast = 0.4,
                                              .saturation = 0.4,
                                              .hue = 0.1,
                                              .erase = 0.5};

/* All augmentation at once, from larger squares, drawn evenly from the classes. */
static struct loader_options all_options(int batch_size, int workers)
{
    struct loader_options opt = options(batch_size, workers);
    opt.augment = &strong;
    opt.picture_side = PICTURE_SIZE + 5;
    opt.balance_classes = 3;
    return opt;
}

static void augmented_and_balanced_epochs_have_the_same_bytes_however_they_are_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct dataset *d = picture_set();
    struct cache *cache;
    struct loader_options opt = all_options(N_PICTURES, 1);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&expected, l, 3, 0);
    loader_destroy(l);
    assert_int_equal(cache_create(&cache, N_PICTURES, PICTURE_SIZE + 5, (size_t)1 << 20, &err),
                     STATUS_OK);
    for (int workers = 1; workers <= 4; workers++) {
        opt = all_options(2 * workers + 1, workers);
        l = create(d, workers % 2 ? cache : NULL, &opt);
        run_epoch(&got, l, 3, 0);
        assert_memory_equal(&got, &expected, sizeof got);
        run_epoch(&got, l, 3, 2); /* as after a resume */
        int before = 2 * opt.batch_size;
        assert_int_equal(got.n, N_PICTURES - before);
        assert_memory_equal(got.row, expected.row + before, (size_t)got.n * sizeof(int));
        assert_memory_equal(got.x, expected.x + before * VALUES,
                            (size_t)got.n * VALUES * sizeof(float));
        loader_destroy(l);
    }
    cache_destroy(cache);
    dataset_destroy(d);
}

static void a_row_that_comes_again_in_an_epoch_looks_different(void **state)
{
    (void)state;
    static struct epoch epoch;
    struct dataset *d = picture_set();
    struct loader_options opt = all_options(4, 1);
    struct loader *l = create(d, NULL, &opt);
    int repeats = 0;
    for (int e = 0; e < 5; e++) {
        run_epoch(&epoch, l, e, 0);
        for (int i = 0; i < epoch.n; i++)
            for (int j = 0; j < i; j++) {
                if (epoch.row[i] != epoch.row[j])
                    continue;
                repeats++;
                assert_memory_not_equal(epoch.x + i * VALUES, epoch.x + j * VALUES,
                                        VALUES * sizeof(float));
            }
    }
    assert_true(repeats > 0);
    loader_destroy(l);
    dataset_destroy(d);
}

static void every_row_comes_once_in_an_order_of_seed_and_epoch(void **state)
{
    (void)state;
    static struct epoch first, second, other_seed;
    struct dataset *d = picture_set();
    struct loader_options opt = options(5, 2);
    struct loader *l = create(d, NULL, &opt);
    bool seen[N_PICTURES] = {false};
    run_epoch(&first, l, 0, 0);
    run_epoch(&second, l, 1, 0);
    for (int i = 0; i < N_PICTURES; i++) {
        assert_false(seen[first.row[i]]);
        seen[first.row[i]] = true;
        assert_int_equal(first.label[i], first.row[i] % 3);
    }
    assert_memory_not_equal(first.row, second.row, sizeof first.row);
    run_epoch(&second, l, 0, 0);
    assert_memory_equal(first.row, second.row, sizeof first.row);
    loader_destroy(l);

    opt.seed++;
    l = create(d, NULL, &opt);
    run_epoch(&other_seed, l, 0, 0);
    assert_memory_not_equal(first.row, other_seed.row, sizeof first.row);
    loader_destroy(l);

    opt.shuffle = false;
    l = create(d, NULL, &opt);
    run_epoch(&first, l, 4, 0);
    for (int i = 0; i < N_PICTURES; i++)
        assert_int_equal(first.row[i], i);
    loader_destroy(l);
    dataset_destroy(d);
}

static void an_epoch_can_begin_at_a_batch(void **state)
{
    (void)state;
    static struct epoch whole, rest;
    struct dataset *d = picture_set();
    struct loader_options opt = options(4, 2);
    struct loader *l = create(d, NULL, &opt);
    assert_int_equal(loader_batches(l), 6);
    run_epoch(&whole, l, 2, 0);
    for (int first = 0; first <= 6; first++) {
        int skipped = first < 6 ? 4 * first : N_PICTURES;
        run_epoch(&rest, l, 2, first);
        assert_int_equal(rest.n, N_PICTURES - skipped);
        assert_memory_equal(rest.row, whole.row + skipped, (size_t)rest.n * sizeof(int));
        assert_memory_equal(rest.x, whole.x + skipped * VALUES,
                            (size_t)rest.n * VALUES * sizeof(float));
    }
    assert_int_equal(loader_start(l, 2, 7, &err), STATUS_FAILED);
    assert_int_equal(loader_start(l, -1, 0, &err), STATUS_FAILED);
    loader_destroy(l);
    dataset_destroy(d);
}

static void an_epoch_can_be_left_for_another(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct dataset *d = picture_set();
    struct loader_options opt = options(2, 3);
    struct loader *l = create(d, NULL, &opt);
    struct batch b;
    assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
    assert_int_equal(b.n, 0); /* no epoch yet */
    run_epoch(&expected, l, 1, 0);
    for (int batches = 0; batches < 8; batches++) {
        assert_int_equal(loader_start(l, 0, 0, &err), STATUS_OK);
        for (int i = 0; i < batches; i++)
            assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
        run_epoch(&got, l, 1, 0);
        assert_memory_equal(&got, &expected, sizeof got);
    }
    assert_int_equal(loader_start(l, 0, 0, &err), STATUS_OK);
    loader_destroy(l); /* with threads under way */
    loader_destroy(NULL);
    dataset_destroy(d);
}

static void a_lent_batch_stays_as_it_is_until_the_next_call(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    struct loader_options opt = options(2, 4);
    struct loader *l = create(d, NULL, &opt);
    struct batch b;
    float copy[2 * VALUES];
    assert_int_equal(loader_start(l, 0, 0, &err), STATUS_OK);
    assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
    memcpy(copy, b.x, sizeof copy);
    usleep(50000); /* time enough for the threads to overwrite it, if they did */
    assert_memory_equal(copy, b.x, sizeof copy);
    loader_destroy(l);
    dataset_destroy(d);
}

static void values_are_those_of_float32_arithmetic(void **state)
{
    (void)state;
    static struct epoch got;
    struct dataset *d = picture_set();
    struct loader_options opt = options(3, 1);
    const float mean[] = {0.485f, 0.456f, 0.406f}, std[] = {0.229f, 0.224f, 0.225f};
    for (int normalised = 0; normalised < 2; normalised++) {
        opt.shuffle = false;
        if (normalised) {
            memcpy(opt.mean, mean, sizeof mean);
            memcpy(opt.std, std, sizeof std);
        }
        struct loader *l = create(d, NULL, &opt);
        run_epoch(&got, l, 0, 0);
        for (int i = 0; i < VALUES; i++) {
            uint8_t byte = scratch_pixel(1, i / 3 % PICTURE_SIZE, i / 3 / PICTURE_SIZE, i % 3);
            float expected = (float)byte / 255.0f; /* as PyTorch's ToTensor */
            if (normalised)
                expected = (expected - mean[i % 3]) / std[i % 3];
            assert_memory_equal(&got.x[VALUES + i], &expected, sizeof expected);
        }
        loader_destroy(l);
    }
    dataset_destroy(d);
}

static void pictures_of_the_epoch_are_read_again_as_they_were(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    static struct epoch epoch;
    static float again[BATCH * VALUES];
    struct dataset *d = picture_set();
    struct loader_options opt = all_options(BATCH, 2);
    opt.reread = true;
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&epoch, l, 4, 0);
    assert_int_equal(loader_start(l, 4, 0, &err), STATUS_OK);
    for (int first = 0; first + BATCH <= N_PICTURES; first++) {
        const int position[BATCH] = {first + 4, first, first + 1, first, first + 3};
        assert_int_equal(loader_reread(l, again, position, BATCH, &err), STATUS_OK);
        for (int i = 0; i < BATCH; i++)
            assert_memory_equal(again + i * VALUES, epoch.x + position[i] * VALUES,
                                VALUES * sizeof(float));
    }
    assert_int_equal(unlink(scratch_path("9.png")), 0);
    int n_failed = 0;
    for (int i = 0; i < N_PICTURES; i++)
        if (loader_reread(l, again, &i, 1, &err)) {
            n_failed++;
            assert_int_equal(epoch.row[i], 9);
            assert_non_null(strstr(err.message, "/9.png"));
        }
    assert_true(n_failed > 0);
    loader_destroy(l);
    parallel_stop();
    dataset_destroy(d);
}

/* Every picture in all views, mirrored by hand. */
static void fill_views(float *value, struct dataset *d)
{
    static struct epoch plain;
    struct loader_options opt = options(N_PICTURES, 1);
    opt.shuffle = false;
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&plain, l, 0, 0);
    loader_destroy(l);
    for (int at = 0; at < N_PICTURES * 4 * VALUES; at++) {
        int channel = at % 3, x = at / 3 % PICTURE_SIZE, y = at / 3 / PICTURE_SIZE % PICTURE_SIZE;
        int view = at / VALUES % 4, row = at / VALUES / 4;
        if (view & 1)
            x = PICTURE_SIZE - 1 - x;
        if (view & 2)
            y = PICTURE_SIZE - 1 - y;
        value[at] = plain.x[row * VALUES + 3 * (y * PICTURE_SIZE + x) + channel];
    }
}

static void values_stand_for_the_views_that_mirroring_gives(void **state)
{
    (void)state;
    static struct epoch images, values;
    static float value[N_PICTURES * 4 * VALUES], again[2 * VALUES];
    static const struct augment_options mirrors = {
        .hflip = 0.5, .vflip = 0.3, .crop_scale = {1, 1}, .crop_ratio = {0.75, 4 / 3.0}};
    struct dataset *d = picture_set();
    struct loader_options opt = options(5, 2);
    opt.augment = &mirrors;
    opt.balance_classes = 3;
    opt.reread = true;
    opt.n_values = VALUES;
    fill_views(value, d);
    int place[N_PICTURES];
    for (int i = 0; i < N_PICTURES; i++)
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
    assert_int_equal(loader_reread(l, again, position, 2, &err), STATUS_OK);
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
    static float value[N_PICTURES * MANY];
    int place[N_PICTURES];
    struct dataset *d = picture_set();
    struct loader_options opt = options(4, 1);
    struct batch b;
    opt.n_values = MANY;
    for (int i = 0; i < N_PICTURES; i++)
        place[i] = N_PICTURES - 1 - i;
    for (int i = 0; i < N_PICTURES * MANY; i++)
        value[i] = (float)i;
    const struct loader_values v = {value, place, MANY, 1, {0, 0, 0, 0}};
    struct loader *l = create(d, NULL, &opt);
    loader_use_values(l, &v);
    assert_int_equal(loader_start(l, 2, 0, &err), STATUS_OK);
    while (loader_next(l, &b, &err) == STATUS_OK && b.n > 0)
        for (int i = 0; i < b.n; i++)
            assert_memory_equal(b.x + i * MANY, value + (N_PICTURES - 1 - b.row[i]) * MANY,
                                MANY * sizeof *value);
    loader_destroy(l);
    dataset_destroy(d);
}

static void a_bad_picture_is_named_at_its_batch(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    assert_int_equal(truncate(scratch_path("9.png"), 60), 0);
    assert_int_equal(unlink(scratch_path("11.png")), 0);
    assert_int_equal(unlink(scratch_path("16.png")), 0);
    for (int workers = 1; workers <= 4; workers++) {
        struct loader_options opt = options(4, workers);
        struct batch b;
        opt.shuffle = false;
        struct loader *l = create(d, NULL, &opt);
        assert_int_equal(loader_start(l, 0, 0, &err), STATUS_OK);
        assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
        assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
        for (int again = 0; again < 2; again++) { /* rows 8..11: 9 comes before 11 */
            assert_int_equal(loader_next(l, &b, &err), STATUS_FAILED);
            assert_int_equal(b.n, 0);
            assert_non_null(strstr(err.message, "set.csv:11: "));
            assert_non_null(strstr(err.message, "/9.png: "));
        }
        assert_int_equal(loader_start(l, 0, 5, &err), STATUS_OK); /* begins anew behind them */
        assert_int_equal(loader_next(l, &b, &err), STATUS_OK);
        assert_int_equal(b.n, 3);
        loader_destroy(l);
    }
    dataset_destroy(d);
}

static void its_memory_is_told_beforehand(void **state)
{
    (void)state;
    struct loader_options opt = options(8, 2);
    opt.fit.size = 448;
    size_t floats = 3 * 8 * (size_t)448 * 448 * 3 * sizeof(float), scratch = 2 * 448 * 448 * 3;
    size_t bytes = loader_bytes(&opt, 1000);
    assert_true(bytes >= floats + scratch + 8000);
    assert_true(bytes < floats + scratch + 8000 + 40000); /* messages, labels, rounding up */
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct dataset *d = picture_set();
    struct loader_options opt = options(4, 3);
    const int rows[] = {0, 1, 2, 3, 4};
    struct loader *l;
    FAILING_ALLOC_EACH(loader_create(&l, d, rows, 5, NULL, &opt, &err), &err)
        assert_null(l);
    loader_destroy(l);
    dataset_destroy(d);
}

static const struct image_fit every_fit[] = {
    {.size = PICTURE_SIZE, .interpolation = IMAGE_FIT_BICUBIC},
    {.size = PICTURE_SIZE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.8},
    {.size = PICTURE_SIZE,
     .resize = IMAGE_FIT_CROP,
     .interpolation = IMAGE_FIT_BICUBIC,
     .crop_fraction = 0.8},
    {.size = PICTURE_SIZE, .resize = IMAGE_FIT_LETTERBOX},
    {.size = PICTURE_SIZE, .resize = IMAGE_FIT_LETTERBOX, .interpolation = IMAGE_FIT_BICUBIC},
};

static void every_fit_gives_the_same_bytes_however_it_is_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct augment_options uncropped = strong;
    uncropped.crop_scale[0] = 1;
    struct dataset *d = picture_set();
    for (size_t i = 0; i < sizeof every_fit / sizeof every_fit[0]; i++) {
        for (int how = 0; how < 3; how++) { /* as they are, with crops, without crops */
            struct cache *cache;
            struct loader_options opt = options(N_PICTURES, 1);
            opt.fit = every_fit[i];
            opt.augment = how == 0 ? NULL : how == 1 ? &strong : &uncropped;
            struct loader *l = create(d, NULL, &opt);
            run_epoch(&expected, l, 3, 0);
            loader_destroy(l);
            assert_int_equal(cache_create(&cache, N_PICTURES, PICTURE_SIZE, 1 << 20, &err),
                             STATUS_OK);
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

/* Picture i is 5 + 3 i wide and 40 - i high, but for 1, which is square; none has a black pixel of
 * mean colour. */
static void bars_are_exactly_zero_and_nothing_else_is(void **state)
{
    (void)state;
    struct augment_options light = {
        .crop_scale = {1, 1}, .crop_ratio = {1, 1}, .brightness = 0.3, .contrast = 0.5, .hue = 0.1};
    static struct epoch got;
    struct dataset *d = picture_set();
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
        for (int i = 0; i < N_PICTURES; i++) {
            double aspect = i == 1 ? 1 : (5 + 3 * i) / (40.0 - i);
            const struct image_fit_place shown = image_fit_shown(&opt.fit, aspect);
            for (int k = 0; k < VALUES; k++) {
                int x = k / 3 % PICTURE_SIZE, y = k / 3 / PICTURE_SIZE;
                bool bar = x < shown.x || x >= shown.x + shown.width || y < shown.y ||
                           y >= shown.y + shown.height;
                assert_int_equal(bar, got.x[i * VALUES + k] == 0);
            }
        }
    }
    dataset_destroy(d);
}

static void random_crops_are_taken_from_whole_pictures(void **state)
{
    (void)state;
    struct augment_options mirrored = {.hflip = 0.5, .crop_scale = {1, 1}, .crop_ratio = {1, 1}};
    struct loader_options opt = options(4, 1);
    opt.fit =
        (struct image_fit){.size = PICTURE_SIZE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.875};
    assert_int_equal(loader_picture_fit(&opt).resize, IMAGE_FIT_CROP);
    opt.augment = &mirrored;
    assert_int_equal(loader_picture_fit(&opt).resize, IMAGE_FIT_CROP);
    opt.augment = &strong;
    opt.picture_side = 2 * PICTURE_SIZE;
    assert_int_equal(loader_picture_fit(&opt).resize, IMAGE_FIT_SQUASH);
    assert_int_equal(loader_picture_fit(&opt).size, 2 * PICTURE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(an_epoch_has_the_same_bytes_however_it_is_made),
        SCRATCH_TEST(augmented_and_balanced_epochs_have_the_same_bytes_however_they_are_made),
        SCRATCH_TEST(a_row_that_comes_again_in_an_epoch_looks_different),
        SCRATCH_TEST(every_row_comes_once_in_an_order_of_seed_and_epoch),
        SCRATCH_TEST(an_epoch_can_begin_at_a_batch),
        SCRATCH_TEST(an_epoch_can_be_left_for_another),
        SCRATCH_TEST(a_lent_batch_stays_as_it_is_until_the_next_call),
        SCRATCH_TEST(values_are_those_of_float32_arithmetic),
        SCRATCH_TEST(pictures_of_the_epoch_are_read_again_as_they_were),
        SCRATCH_TEST(values_stand_for_the_views_that_mirroring_gives),
        SCRATCH_TEST(a_slot_has_room_for_more_values_than_an_image_has),
        SCRATCH_TEST(a_bad_picture_is_named_at_its_batch),
        cmocka_unit_test(its_memory_is_told_beforehand),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
        SCRATCH_TEST(every_fit_gives_the_same_bytes_however_it_is_made),
        SCRATCH_TEST(bars_are_exactly_zero_and_nothing_else_is),
        cmocka_unit_test(random_crops_are_taken_from_whole_pictures),
    };
    return cmocka_run_group_tests_name("data/loader", tests, NULL, NULL);
}
