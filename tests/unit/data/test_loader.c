#include "data/loader.h"

#include "base/parallel.h"

#include "data/loader_fixture.h"
#include "failing_alloc.h"

static void an_epoch_has_the_same_bytes_however_it_is_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct dataset *d = image_set();
    struct loader_options opt = options(4, 1);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&expected, l, 3, 0);
    assert_int_equal(expected.n, N_IMAGES);
    loader_destroy(l);

    const size_t image = resized_image_bytes(IMAGE_SIZE),
                 budgets[] = {0, 3 * image + 1, 100 * image};
    for (int workers = 1; workers <= 4; workers *= 2) {
        for (int batch_size = 1; batch_size <= N_IMAGES + 1; batch_size += 3) {
            for (int b = 0; b < 3; b++) {
                struct cache *cache;
                assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE, budgets[b], &err),
                                 STATUS_OK);
                opt = options(batch_size, workers);
                l = create(d, b ? cache : NULL, &opt);
                for (int pass = 0; pass < 2; pass++) { /* cold, then warm */
                    run_epoch(&got, l, 3, 0);
                    assert_memory_equal(&got, &expected, sizeof got);
                }
                int held = 0;
                for (int row = 0; row < N_IMAGES; row++)
                    held += cache_find(cache, row) != NULL;
                assert_int_equal(held, b == 0 ? 0 : b == 1 ? 3 : N_IMAGES);
                loader_destroy(l);
                cache_destroy(cache);
            }
        }
    }
    dataset_destroy(d);
}

static void augmented_and_balanced_epochs_have_the_same_bytes_however_they_are_made(void **state)
{
    (void)state;
    static struct epoch expected, got;
    struct dataset *d = image_set();
    struct cache *cache;
    struct loader_options opt = all_options(N_IMAGES, 1);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(&expected, l, 3, 0);
    loader_destroy(l);
    assert_int_equal(cache_create(&cache, N_IMAGES, IMAGE_SIZE + 5, (size_t)1 << 20, &err),
                     STATUS_OK);
    for (int workers = 1; workers <= 4; workers++) {
        opt = all_options(2 * workers + 1, workers);
        l = create(d, workers % 2 ? cache : NULL, &opt);
        run_epoch(&got, l, 3, 0);
        assert_memory_equal(&got, &expected, sizeof got);
        run_epoch(&got, l, 3, 2); /* as after a resume */
        int before = 2 * opt.batch_size;
        assert_int_equal(got.n, N_IMAGES - before);
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
    struct dataset *d = image_set();
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
    struct dataset *d = image_set();
    struct loader_options opt = options(5, 2);
    struct loader *l = create(d, NULL, &opt);
    bool seen[N_IMAGES] = {false};
    run_epoch(&first, l, 0, 0);
    run_epoch(&second, l, 1, 0);
    for (int i = 0; i < N_IMAGES; i++) {
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
    for (int i = 0; i < N_IMAGES; i++)
        assert_int_equal(first.row[i], i);
    loader_destroy(l);
    dataset_destroy(d);
}

static void an_epoch_can_begin_at_a_batch(void **state)
{
    (void)state;
    static struct epoch whole, rest;
    struct dataset *d = image_set();
    struct loader_options opt = options(4, 2);
    struct loader *l = create(d, NULL, &opt);
    assert_int_equal(loader_batches(l), 6);
    run_epoch(&whole, l, 2, 0);
    for (int first = 0; first <= 6; first++) {
        int skipped = first < 6 ? 4 * first : N_IMAGES;
        run_epoch(&rest, l, 2, first);
        assert_int_equal(rest.n, N_IMAGES - skipped);
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
    struct dataset *d = image_set();
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
    struct dataset *d = image_set();
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
    struct dataset *d = image_set();
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
            uint8_t byte = scratch_pixel(1, i / 3 % IMAGE_SIZE, i / 3 / IMAGE_SIZE, i % 3);
            float expected = (float)byte / 255.0f; /* as PyTorch's ToTensor */
            if (normalised)
                expected = (expected - mean[i % 3]) / std[i % 3];
            assert_memory_equal(&got.x[VALUES + i], &expected, sizeof expected);
        }
        loader_destroy(l);
    }
    dataset_destroy(d);
}

/* A loader at the start of an epoch whose images are in *epoch, and the threads that read again. */
static struct loader *create_rereading(struct epoch *epoch, struct dataset *d, int batch,
                                       void (*bad)(void *, int, const char *))
{
    struct loader_options opt = all_options(batch, 2);
    opt.reread = true;
    opt.bad = bad;
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    struct loader *l = create(d, NULL, &opt);
    run_epoch(epoch, l, 4, 0);
    assert_int_equal(loader_start(l, 4, 0, &err), STATUS_OK);
    return l;
}

static void images_of_the_epoch_are_read_again_as_they_were(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    static struct epoch epoch;
    static float again[BATCH * VALUES];
    struct dataset *d = image_set();
    struct loader *l = create_rereading(&epoch, d, BATCH, NULL);
    for (int first = 0; first + BATCH <= N_IMAGES; first++) {
        const int position[BATCH] = {first + 4, first, first + 1, first, first + 3};
        int n = BATCH, kept[BATCH];
        assert_int_equal(loader_reread(l, again, position, &n, kept, &err), STATUS_OK);
        assert_int_equal(n, BATCH);
        for (int i = 0; i < BATCH; i++)
            assert_memory_equal(again + i * VALUES, epoch.x + position[i] * VALUES,
                                VALUES * sizeof(float));
    }
    assert_int_equal(unlink(scratch_path("9.png")), 0);
    int n_failed = 0, kept;
    for (int i = 0, n; i < N_IMAGES; i++)
        if (n = 1, loader_reread(l, again, &i, &n, &kept, &err) != STATUS_OK) {
            n_failed++;
            assert_int_equal(epoch.row[i], 9);
            assert_non_null(strstr(err.message, "/9.png"));
        }
    assert_true(n_failed > 0);
    loader_destroy(l);
    parallel_stop();
    dataset_destroy(d);
}

static int n_told;

static void note_gone(void *context, int row, const char *message)
{
    (void)context;
    assert_int_equal(row, 9);
    assert_non_null(strstr(message, "/9.png"));
    n_told++;
}

static void an_image_that_has_gone_leaves_the_others_of_those_read_again(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    static struct epoch epoch;
    static float again[BATCH * VALUES];
    struct dataset *d = image_set();
    struct loader *l = create_rereading(&epoch, d, BATCH, note_gone);
    assert_int_equal(unlink(scratch_path("9.png")), 0);
    n_told = 0;
    int n_gone = 0;
    for (int first = 0; first + BATCH <= N_IMAGES; first++) {
        int position[BATCH], kept[BATCH], n = BATCH, want = 0;
        for (int i = 0; i < BATCH; i++)
            position[i] = first + i;
        assert_int_equal(loader_reread(l, again, position, &n, kept, &err), STATUS_OK);
        for (int i = 0; i < BATCH; i++) {
            if (epoch.row[first + i] == 9) {
                n_gone++;
                continue;
            }
            assert_int_equal(kept[want], i);
            assert_memory_equal(again + want * VALUES, epoch.x + (first + i) * VALUES,
                                VALUES * sizeof(float));
            want++;
        }
        assert_int_equal(n, want);
    }
    assert_true(n_gone > 0);
    assert_int_equal(n_told, n_gone);
    loader_destroy(l);
    parallel_stop();
    dataset_destroy(d);
}

static void a_bad_image_is_named_at_its_batch(void **state)
{
    (void)state;
    struct dataset *d = image_set();
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
    struct dataset *d = image_set();
    struct loader_options opt = options(4, 3);
    const int rows[] = {0, 1, 2, 3, 4};
    struct loader *l;
    FAILING_ALLOC_EACH(loader_create(&l, d, rows, 5, NULL, &opt, &err), &err)
        assert_null(l);
    loader_destroy(l);
    dataset_destroy(d);
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
        SCRATCH_TEST(images_of_the_epoch_are_read_again_as_they_were),
        SCRATCH_TEST(an_image_that_has_gone_leaves_the_others_of_those_read_again),
        SCRATCH_TEST(a_bad_image_is_named_at_its_batch),
        cmocka_unit_test(its_memory_is_told_beforehand),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/loader", tests, NULL, NULL);
}
