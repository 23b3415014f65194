#include "data/strata.h"

#include "data/labelled_table.h"
#include "failing_alloc.h"

static struct error err;

static const char table[] = "image,label\na.png,x\nb.png,y\nc.png,x\nd.png,x\n./a.png,x\n"
                            "e.png,y\ne.png,x\nf.png,z\n";

static void images_stand_class_after_class(void **state)
{
    (void)state;
    struct dataset *d = load(table);
    struct strata s;
    assert_int_equal(strata_make(&s, d, &err), STATUS_OK);
    assert_int_equal(s.n_images, 6);
    assert_int_equal(s.n_classes, 3);
    assert_int_equal(strata_count(&s, 0), 3); /* a, c, d; a once */
    assert_int_equal(strata_count(&s, 1), 1); /* b */
    assert_int_equal(strata_count(&s, 2), 1); /* f */
    const int expected[] = {0, 2, 3, 1, 5};
    assert_memory_equal(s.image, expected, sizeof expected);
    assert_int_equal(strata_start(&s, 2), 4);
    strata_free(&s);
    strata_free(&s);
    dataset_destroy(d);
}

static void an_image_whose_rows_disagree_has_no_class(void **state)
{
    (void)state;
    struct dataset *d = load(table);
    struct strata s;
    assert_int_equal(strata_make(&s, d, &err), STATUS_OK);
    assert_int_equal(s.class_of[0], 0);
    assert_int_equal(s.class_of[4], STRATA_NO_CLASS);
    strata_free(&s);
    dataset_destroy(d);
}

static void each_class_is_shuffled_within_itself(void **state)
{
    (void)state;
    char text[4096] = "image,label\n", *at = text + strlen(text);
    for (int i = 0; i < 100; i++)
        at += sprintf(at, "%d.png,%d\n", i, i / 50);
    struct dataset *d = load(text);
    struct strata a, b, c;
    int sum = 0, moved = 0, same = 0;
    assert_int_equal(strata_make(&a, d, &err), STATUS_OK);
    assert_int_equal(strata_make(&b, d, &err), STATUS_OK);
    assert_int_equal(strata_make(&c, d, &err), STATUS_OK);
    strata_shuffle(&a, 7, RNG_TEST);
    strata_shuffle(&b, 7, RNG_TEST);
    strata_shuffle(&c, 7, RNG_SPLIT);
    assert_memory_equal(a.image, b.image, 100 * sizeof(int));
    assert_memory_not_equal(a.image, c.image, 100 * sizeof(int)); /* another purpose */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(a.image[i] / 50, i / 50);
        sum += a.image[i];
        moved += a.image[i] != i;
        same += i < 50 && a.image[i] == a.image[50 + i] - 50;
    }
    assert_int_equal(sum, 4950);
    assert_true(moved > 80);
    assert_true(same < 10); /* classes draw by themselves */
    strata_free(&a);
    strata_free(&b);
    strata_free(&c);
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct dataset *d = load(table);
    struct strata s;
    FAILING_ALLOC_EACH(strata_make(&s, d, &err), &err) {
        assert_null(s.class_of);
        assert_null(s.image);
        assert_null(s.end);
    }
    strata_free(&s);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(images_stand_class_after_class),
        SCRATCH_TEST(an_image_whose_rows_disagree_has_no_class),
        SCRATCH_TEST(each_class_is_shuffled_within_itself),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/strata", tests, NULL, NULL);
}
