/* run/train/features: what the network makes of each image, computed or found, never believed when
 * it is damaged or another's. */
#include "run/train/features.h"

#include "base/parallel.h"
#include "data/image_set.h"
#include "failing_alloc.h"
#include "tiny_run.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

enum { VIEWS = 3 /* of these tests: as it is, mirrored, and both ways */ };

static struct tiny_run run;
static struct dataset *images;
static int rows[N_IMAGES];
static struct model_summary summary;

static int set_up(void **state)
{
    scratch_make(state);
    MUST(parallel_start(2, err));
    tiny_create(&run, NORM_GROUP);
    images = image_set();
    const struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    for (int i = 0; i < N_IMAGES; i++) {
        char name[16];
        rows[i] = i;
        snprintf(name, sizeof name, "%d.png", i);
        assert_int_equal(utimensat(AT_FDCWD, scratch_path(name), old, 0), 0);
    }
    const struct model_spec spec = tiny_spec(NORM_GROUP);
    MUST(model_summarise(&summary, &spec, model_options(run.model), err));
    assert_int_equal(summary.n_features, model_n_features(run.model));
    return 0;
}

static int tear_down(void **state)
{
    model_summary_free(&summary);
    dataset_destroy(images);
    tiny_destroy(&run);
    parallel_stop();
    return scratch_remove(state);
}

#define FEATURES_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static struct features_input input(struct disk_cache *file)
{
    struct features_input in = {
        .model = run.model,
        .data = images,
        .row = rows,
        .n = N_IMAGES,
        .view = {true, true, false, true},
        .images = {.fit = {.size = TINY_SIZE},
                   .batch_size = TINY_BATCH,
                   .std = {1, 1, 1},
                   .workers = 2,
                   .limits = {.max_pixels = 4096}},
        .file = file,
    };
    in.key = features_key(run.model, &summary, run.metadata.model, &in.images);
    return in;
}

static struct disk_cache *open_file(void)
{
    struct disk_cache *file;
    const struct features_input in = input(NULL);
    MUST(features_open_file(&file, scratch_path("cache"), &in.key, summary.n_features, err));
    return file;
}

/* With the file if it is to be used; how many were found there. */
static int compute(struct features *out, bool with_file)
{
    struct disk_cache *file = with_file ? open_file() : NULL;
    const struct features_input in = input(file);
    MUST(features_compute(out, &in, &(struct features_events){0}, err));
    disk_cache_close(file);
    return out->n_found;
}

static void assert_same_features(const struct features *a, const struct features *b)
{
    assert_memory_equal(a->value, b->value,
                        sizeof(float) * N_IMAGES * VIEWS * (size_t)summary.n_features);
}

static void the_classifier_makes_of_them_what_the_network_makes_of_the_image(void **state)
{
    (void)state;
    struct features f;
    struct batch b;
    compute(&f, false);
    struct loader_options opt = input(NULL).images;
    for (int view = 0; view < LOADER_VIEWS; view++) {
        struct loader *l;
        const struct augment_options mirrors = {
            .hflip = view & 1, .vflip = view >> 1, .crop_scale = {1, 1}};
        if (view == 2)
            continue; /* not wanted */
        opt.augment = view > 0 ? &mirrors : NULL;
        MUST(loader_create(&l, images, rows, N_IMAGES, NULL, &opt, err));
        MUST(loader_start(l, 0, 0, err));
        MUST(loader_next(l, &b, err));
        while (b.n > 0) {
            float logits[TINY_BATCH * 3];
            memcpy(logits, model_forward(run.model, b.x, b.n, MODEL_EVAL), sizeof logits);
            for (int i = 0; i < b.n; i++) {
                const float *of = loader_values_at(&f.values, b.row[i], view);
                assert_memory_equal(model_classify_features(run.model, of, 1, MODEL_EVAL),
                                    logits + 3 * i, 3 * sizeof(float));
            }
            MUST(loader_next(l, &b, err));
        }
        loader_destroy(l);
    }
    features_free(&f);
}

static void what_one_run_computes_the_next_one_finds(void **state)
{
    (void)state;
    struct features first, second;
    assert_int_equal(compute(&first, true), 0);
    assert_int_equal(compute(&second, true), N_IMAGES);
    assert_same_features(&first, &second);
    features_free(&first);
    features_free(&second);
}

static const char *file_path(char out[512])
{
    struct disk_cache *file = open_file();
    snprintf(out, 512, "%s", disk_cache_path(file));
    disk_cache_close(file);
    return out;
}

static void a_damaged_or_shortened_file_is_computed_again(void **state)
{
    (void)state;
    struct features right, again;
    char path[512];
    struct stat info;
    compute(&right, true);
    int fd = open(file_path(path), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, 50), 1);
    assert_int_equal(compute(&again, true), N_IMAGES - 1);
    assert_same_features(&right, &again);
    features_free(&again);
    assert_int_equal(compute(&again, true), N_IMAGES); /* and is whole again */
    features_free(&again);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(ftruncate(fd, info.st_size / 3), 0);
    assert_int_equal(close(fd), 0);
    assert_true(compute(&again, true) < N_IMAGES / 2);
    assert_same_features(&right, &again);
    features_free(&again);
    features_free(&right);
}

static void the_file_of_another_network_is_not_believed_even_under_the_right_name(void **state)
{
    (void)state;
    struct features before, after, anew;
    char theirs[512], ours[512];
    compute(&before, true);
    file_path(theirs);
    struct param *first = &model_params(run.model)->item[0];
    first->data[3] = nextafterf(first->data[3], 1);
    file_path(ours);
    assert_string_not_equal(theirs, ours);
    assert_int_equal(rename(theirs, ours), 0);
    assert_int_equal(compute(&after, true), 0);
    compute(&anew, false);
    assert_same_features(&after, &anew);
    features_free(&before);
    features_free(&after);
    features_free(&anew);
}

static void what_the_classifier_learns_is_not_in_the_key_and_all_else_is(void **state)
{
    (void)state;
    const struct features_input in = input(NULL);
    struct image_key key = in.key;
    struct loader_options other[5];
    struct param_list *params = model_params(run.model);
    params->item[params->n - 1].data[0] += 1;
    key = features_key(run.model, &summary, run.metadata.model, &in.images);
    assert_true(image_key_equal(&key, &in.key));
    for (int i = 0; i < 5; i++)
        other[i] = in.images;
    other[0].fit.size++;
    other[1].mean[2] = 0.5F;
    other[2].std[0] = 0.5F;
    other[3].limits.apply_exif = true;
    other[4].limits.jpeg_scale = IMAGE_JPEG_FAST;
    for (int i = 0; i < 5; i++) {
        key = features_key(run.model, &summary, run.metadata.model, &other[i]);
        assert_false(image_key_equal(&key, &in.key));
    }
    key = features_key(run.model, &summary, "another", &in.images);
    assert_false(image_key_equal(&key, &in.key));
    strcpy(summary.layers.row[0].method, "other");
    key = features_key(run.model, &summary, run.metadata.model, &in.images);
    assert_false(image_key_equal(&key, &in.key));
}

static void a_young_image_is_not_kept(void **state)
{
    (void)state;
    struct features f;
    const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path("3.png"), now, 0), 0);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(compute(&f, true), pass == 0 ? 0 : N_IMAGES - 1);
        features_free(&f);
    }
}

static volatile sig_atomic_t stop;

static void stop_soon(void *context, int n_done)
{
    (void)context;
    stop = n_done > 0;
}

static void a_stop_ends_it_and_what_was_computed_is_found_later(void **state)
{
    (void)state;
    struct features f;
    struct disk_cache *file = open_file();
    const struct features_input in = input(file);
    const struct features_events events = {.progress = stop_soon, .stop = &stop};
    stop = 0;
    MUST(features_compute(&f, &in, &events, err));
    features_free(&f);
    disk_cache_close(file);
    assert_int_equal(compute(&f, true), TINY_BATCH);
    features_free(&f);
}

static void an_image_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct features f;
    struct error err;
    const struct features_input in = input(NULL);
    assert_int_equal(truncate(scratch_path("9.png"), 60), 0);
    assert_int_equal(features_compute(&f, &in, &(struct features_events){0}, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "/9.png"));
    features_free(&f);
}

/* From images in memory, so that no decoder takes part. */
static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct features f = {0};
    struct error err;
    struct features_input in = input(NULL);
    in.data = run.data;
    in.cache = run.cache;
    FAILING_ALLOC_EACH(features_compute(&f, &in, &(struct features_events){0}, &err), &err)
        features_free(&f);
    features_free(&f);
    struct disk_cache *file;
    FAILING_ALLOC_EACH(features_open_file(&file, scratch_path("c"), &in.key, 16, &err), &err)
        assert_null(file);
    disk_cache_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEATURES_TEST(the_classifier_makes_of_them_what_the_network_makes_of_the_image),
        FEATURES_TEST(what_one_run_computes_the_next_one_finds),
        FEATURES_TEST(a_damaged_or_shortened_file_is_computed_again),
        FEATURES_TEST(the_file_of_another_network_is_not_believed_even_under_the_right_name),
        FEATURES_TEST(what_the_classifier_learns_is_not_in_the_key_and_all_else_is),
        FEATURES_TEST(a_young_image_is_not_kept),
        FEATURES_TEST(a_stop_ends_it_and_what_was_computed_is_found_later),
        FEATURES_TEST(an_image_that_cannot_be_read_is_named),
        FEATURES_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("run/train/features", tests, NULL, NULL);
}
