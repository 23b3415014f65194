#include "data/folds.h"

#include "data/labelled_table.h"
#include "failing_alloc.h"

static struct error err;

static void tests_share_all_images_evenly_in_each_class_and_as_a_whole(void **state)
{
    (void)state;
    const int count[] = {50, 13, 7, 2};
    struct dataset *d = make(count, 4);
    struct folds f;
    int of_class[5][4] = {0}, total[5] = {0};
    assert_int_equal(folds_make(&f, d, 5, 3, &err), STATUS_OK);
    assert_int_equal(f.n, 5);
    assert_int_equal(f.n_always, 0);
    assert_int_equal(f.singletons, 0);
    for (int i = 0; i < dataset_size(d); i++) {
        int fold = f.of_image[dataset_sample(d, i)->identity];
        assert_in_range(fold, 0, 4);
        of_class[fold][dataset_sample(d, i)->label]++;
        total[fold]++;
    }
    for (int fold = 0; fold < 5; fold++) {
        assert_int_equal(of_class[fold][0], 10);
        assert_in_range(of_class[fold][1], 2, 3);
        assert_in_range(of_class[fold][2], 1, 2);
        assert_in_range(of_class[fold][3], 0, 1);
        assert_in_range(total[fold], 14, 15); /* of 72 */
        assert_int_equal(f.test_count[fold], total[fold]);
    }
    folds_free(&f);
    folds_free(&f);
    dataset_destroy(d);
}

static void the_seed_decides(void **state)
{
    (void)state;
    const int count[] = {40, 40};
    struct dataset *d = make(count, 2);
    struct folds a, b, c;
    assert_int_equal(folds_make(&a, d, 4, 1, &err), STATUS_OK);
    assert_int_equal(folds_make(&b, d, 4, 1, &err), STATUS_OK);
    assert_int_equal(folds_make(&c, d, 4, 2, &err), STATUS_OK);
    assert_memory_equal(a.of_image, b.of_image, 80 * sizeof(int));
    assert_memory_not_equal(a.of_image, c.of_image, 80 * sizeof(int));
    folds_free(&a);
    folds_free(&b);
    folds_free(&c);
    dataset_destroy(d);
}

static void what_can_judge_nothing_trains_always(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na.png,x\nb.png,x\nc.png,y\nd.png,z\nd.png,x\n"
                             "e.png,z\nf.png,z\n");
    struct folds f;
    assert_int_equal(folds_make(&f, d, 2, 0, &err), STATUS_OK);
    assert_int_equal(f.of_image[2], FOLDS_NONE); /* c: the only one of y */
    assert_int_equal(f.of_image[3], FOLDS_NONE); /* d: x and z */
    assert_int_equal(f.n_always, 2);
    assert_int_equal(f.singletons, 1);
    assert_int_equal(f.of_image[0] + f.of_image[1], 1); /* one in each */
    assert_int_equal(f.of_image[4] + f.of_image[5], 1);
    folds_free(&f);
    dataset_destroy(d);
}

static void as_many_folds_as_images_and_no_more(void **state)
{
    (void)state;
    const int count[] = {3, 2, 1};
    struct dataset *d = make(count, 3);
    struct folds f;
    assert_int_equal(folds_make(&f, d, 5, 0, &err), STATUS_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(f.test_count[i], 1);
    folds_free(&f);
    assert_int_equal(folds_make(&f, d, 6, 0, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "t.csv: 5 images for 6 folds"));
    assert_null(f.of_image);
    assert_int_equal(folds_make(&f, d, 1, 0, &err), STATUS_USAGE);
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    const int count[] = {3, 4};
    struct dataset *d = make(count, 2);
    struct folds f;
    FAILING_ALLOC_EACH(folds_make(&f, d, 2, 0, &err), &err) {
        assert_null(f.of_image);
        assert_null(f.test_count);
    }
    folds_free(&f);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(tests_share_all_images_evenly_in_each_class_and_as_a_whole),
        SCRATCH_TEST(the_seed_decides),
        SCRATCH_TEST(what_can_judge_nothing_trains_always),
        SCRATCH_TEST(as_many_folds_as_images_and_no_more),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/folds", tests, NULL, NULL);
}
