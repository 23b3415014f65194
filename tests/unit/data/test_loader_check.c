#include "data/loader.h"

#include "data/image_set.h"
#include "failing_alloc.h"

static struct error err;

struct report {
    char bad[64];    /* rows, in the order of the calls */
    char last[1024]; /* message */
    int n_done;
    volatile int stop;
    int stop_after; /* rows; 0 never */
};

static void note_bad(void *context, int row, const char *message)
{
    struct report *r = context;
    sprintf(r->bad + strlen(r->bad), "%d ", row);
    snprintf(r->last, sizeof r->last, "%s", message);
}

static void note_done(void *context, int n_done, int n_rows)
{
    struct report *r = context;
    assert_int_equal(n_rows, N_IMAGES);
    assert_int_equal(n_done, r->n_done + 1);
    r->n_done = n_done;
    r->stop = n_done == r->stop_after;
}

static void check(struct report *r, const struct dataset *d, struct cache *cache, int workers)
{
    const struct loader_options opt = {
        .fit = {.size = IMAGE_SIZE}, .workers = workers, .limits = {.max_pixels = 100000}};
    const struct loader_check callbacks = {
        .context = r, .bad = note_bad, .done = note_done, .stop = &r->stop};
    int rows[N_IMAGES];
    for (int i = 0; i < N_IMAGES; i++)
        rows[i] = N_IMAGES - 1 - i;
    assert_int_equal(loader_check_images(d, rows, N_IMAGES, cache, &opt, &callbacks, &err),
                     STATUS_OK);
}

static void bad_images_are_told_in_order_and_good_ones_are_kept(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    assert_int_equal(truncate(scratch_path("3.png"), 60), 0);
    assert_int_equal(unlink(scratch_path("4.png")), 0);
    assert_int_equal(unlink(scratch_path("21.png")), 0);
    for (int workers = 1; workers <= 4; workers++) {
        struct report r = {.n_done = 0};
        struct cache *cache;
        assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE, 1 << 20, &err), STATUS_OK);
        check(&r, d, cache, workers);
        assert_string_equal(r.bad,
                            "21 4 3 "); /* rows go backwards; the place of 21 is used again */
        assert_non_null(strstr(r.last, "set.csv:5: "));
        assert_non_null(strstr(r.last, "/3.png: "));
        assert_int_equal(r.n_done, N_IMAGES);
        for (int i = 0; i < N_IMAGES; i++)
            assert_int_equal(cache_find(cache, i) != NULL, i != 3 && i != 4 && i != 21);
        cache_destroy(cache);
    }
    dataset_destroy(d);
}

/* Of the images that can be read, as resized: the sums of those that the cache then holds. */
static void colours_are_summed_the_same_by_any_number_of_threads(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    assert_int_equal(unlink(scratch_path("4.png")), 0);
    int rows[N_IMAGES];
    for (int i = 0; i < N_IMAGES; i++)
        rows[i] = i;
    struct colour_sums expected = {0};
    for (int workers = 0; workers <= 4; workers++) {
        const struct loader_options opt = {.fit = {.size = IMAGE_SIZE},
                                           .workers = workers > 0 ? workers : 1,
                                           .limits = {.max_pixels = 100000}};
        struct colour_sums sums = {0};
        const struct loader_check check = {.sums = workers > 0 ? &sums : NULL};
        struct cache *cache = NULL;
        assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE, 1 << 20, &err), STATUS_OK);
        assert_int_equal(loader_check_images(d, rows, N_IMAGES, cache, &opt, &check, &err),
                         STATUS_OK);
        for (int i = 0; workers == 0 && i < N_IMAGES; i++)
            if (i != 4)
                colour_sums_add(&expected, cache_find(cache, i)->rgb,
                                (size_t)IMAGE_SIZE * IMAGE_SIZE);
        if (workers > 0)
            assert_memory_equal(&sums, &expected, sizeof sums);
        cache_destroy(cache);
    }
    assert_int_equal(expected.n_pixels, (N_IMAGES - 1) * IMAGE_SIZE * IMAGE_SIZE);
    dataset_destroy(d);
}

/* Field by field: between them lie bytes that nobody writes. */
static void assert_same_traits(const struct image_traits *a, const struct image_traits *b)
{
    assert_true(a->content == b->content);
    assert_true(a->aspect == b->aspect);
    assert_int_equal(a->brightest, b->brightest);
    assert_int_equal(a->is_one_colour, b->is_one_colour);
    assert_int_equal(a->is_16_bit, b->is_16_bit);
    assert_int_equal(a->is_several, b->is_several);
    assert_int_equal(a->is_known, b->is_known);
}

static void facts_are_those_of_the_row_whatever_the_threads(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    struct image_traits first[N_IMAGES];
    int rows[N_IMAGES];
    assert_int_equal(unlink(scratch_path("4.png")), 0);
    for (int i = 0; i < N_IMAGES; i++)
        rows[i] = (i + 7) % N_IMAGES;
    for (int workers = 1; workers <= 4; workers++) {
        const struct loader_options opt = {
            .fit = {.size = IMAGE_SIZE}, .workers = workers, .limits = {.max_pixels = 100000}};
        struct image_traits traits[N_IMAGES] = {0};
        const struct loader_check check = {.traits = traits};
        assert_int_equal(loader_check_images(d, rows, N_IMAGES, NULL, &opt, &check, &err),
                         STATUS_OK);
        if (workers == 1)
            memcpy(first, traits, sizeof traits);
        for (int i = 0; i < N_IMAGES; i++)
            assert_same_traits(&traits[i], &first[i]);
    }
    for (int i = 0; i < N_IMAGES; i++)
        assert_int_equal(first[i].is_known, i != 4);
    assert_float_equal(first[22].aspect, 71 / 18.0, 1e-6);
    assert_float_equal(first[0].aspect, 5 / 40.0, 1e-6);
    assert_false(first[0].is_one_colour);
    dataset_destroy(d);
}

/* An image three times as wide as high fills a third of the square. */
static void bars_are_no_colours(void **state)
{
    (void)state;
    char *paths[1] = {0};
    struct dataset *d;
    struct colour_sums sums = {0};
    const struct loader_check check = {.sums = &sums};
    const struct loader_options opt = {.fit = {.size = IMAGE_SIZE, .resize = IMAGE_FIT_LETTERBOX},
                                       .workers = 1,
                                       .limits = {.max_pixels = 100000}};
    int row = 0;
    scratch_png("wide.png", 60, 20, 7);
    paths[0] = strdup(scratch_path("wide.png"));
    assert_int_equal(dataset_from_images(&d, paths, 1, &err), STATUS_OK);
    assert_int_equal(loader_check_images(d, &row, 1, NULL, &opt, &check, &err), STATUS_OK);
    assert_int_equal(sums.n_pixels, IMAGE_SIZE * IMAGE_SIZE / 3);
    free(paths[0]);
    dataset_destroy(d);
}

static void it_stops_when_told(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    struct report r = {.stop_after = 7};
    check(&r, d, NULL, 2);
    assert_int_equal(r.n_done, 7);
    dataset_destroy(d);
}

static void callbacks_may_be_absent(void **state)
{
    (void)state;
    struct dataset *d = image_set();
    const struct loader_options opt = {
        .fit = {.size = IMAGE_SIZE}, .workers = 2, .limits = {.max_pixels = 100000}};
    const struct loader_check none = {0};
    const int rows[] = {0, 1, 2};
    assert_int_equal(unlink(scratch_path("1.png")), 0);
    assert_int_equal(loader_check_images(d, rows, 3, NULL, &opt, &none, &err), STATUS_OK);
    assert_int_equal(loader_check_images(d, rows, 0, NULL, &opt, &none, &err), STATUS_OK);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(bad_images_are_told_in_order_and_good_ones_are_kept),
        SCRATCH_TEST(colours_are_summed_the_same_by_any_number_of_threads),
        SCRATCH_TEST(facts_are_those_of_the_row_whatever_the_threads),
        SCRATCH_TEST(bars_are_no_colours),
        SCRATCH_TEST(it_stops_when_told),
        SCRATCH_TEST(callbacks_may_be_absent),
    };
    return cmocka_run_group_tests_name("data/loader_check", tests, NULL, NULL);
}
