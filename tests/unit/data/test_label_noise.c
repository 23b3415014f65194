#include "data/label_noise.h"

#include "data/labelled_table.h"
#include "failing_alloc.h"

static struct error err;

static void a_share_of_all_images_gets_another_class_all_equally_likely(void **state)
{
    (void)state;
    const int count[] = {900, 50, 50};
    struct dataset *d = make(count, 3);
    struct label_noise noise;
    int n = 0, became[3] = {0};
    assert_int_equal(label_noise_make(&noise, d, 0.4, 1, &err), STATUS_OK);
    assert_int_equal(noise.n, 400);
    for (int i = 0; i < dataset_size(d); i++) {
        const struct sample *s = dataset_sample(d, i);
        int wrong = noise.label[s->identity];
        if (wrong == LABEL_NOISE_NONE)
            continue;
        assert_in_range(wrong, 0, 2);
        assert_int_not_equal(wrong, s->label);
        n++;
        if (s->label == 0)
            became[wrong]++;
    }
    assert_int_equal(n, 400);
    /* About 360 of class 0; half of them each: 180, and 6 standard deviations of 9.5. */
    assert_in_range(became[1], 123, 237);
    assert_in_range(became[2], 123, 237);
    free(noise.label);
    dataset_destroy(d);
}

static void the_seed_decides(void **state)
{
    (void)state;
    const int count[] = {50, 50};
    struct dataset *d = make(count, 2);
    struct label_noise a, b, c;
    assert_int_equal(label_noise_make(&a, d, 0.5, 1, &err), STATUS_OK);
    assert_int_equal(label_noise_make(&b, d, 0.5, 1, &err), STATUS_OK);
    assert_int_equal(label_noise_make(&c, d, 0.5, 2, &err), STATUS_OK);
    assert_memory_equal(a.label, b.label, 100 * sizeof(int));
    assert_memory_not_equal(a.label, c.label, 100 * sizeof(int));
    free(a.label);
    free(b.label);
    free(c.label);
    dataset_destroy(d);
}

static void an_image_whose_rows_disagree_and_a_class_without_images_are_left_out(void **state)
{
    (void)state;
    char *name[] = {"w", "x", "y", "z"};
    const struct class_list classes = {.name = name, .n = 4};
    struct dataset *d = load_with("image,label\na.png,x\nb.png,z\nc.png,x\nc.png,y\n", &classes);
    struct label_noise noise;
    assert_int_equal(label_noise_make(&noise, d, 0.99, 0, &err), STATUS_OK);
    assert_int_equal(noise.n, 2);
    assert_int_equal(noise.label[0], 3); /* neither w nor y has an image of its own */
    assert_int_equal(noise.label[1], 1);
    assert_int_equal(noise.label[2], LABEL_NOISE_NONE);
    free(noise.label);
    dataset_destroy(d);
}

static void what_cannot_be_flipped_is_refused(void **state)
{
    (void)state;
    const int count[] = {3, 3};
    struct dataset *d = make(count, 2);
    struct label_noise noise;
    assert_int_equal(label_noise_make(&noise, d, 0.08, 0, &err), STATUS_FAILED);
    assert_string_equal(err.message, "--share: 0.08 of 6 images is none");
    assert_null(noise.label);
    assert_int_equal(label_noise_make(&noise, d, 0.084, 0, &err), STATUS_OK); /* 0.504 is one */
    assert_int_equal(noise.n, 1);
    free(noise.label);
    dataset_destroy(d);
    d = load("image,label\na.png,x\nb.png,x\nc.png,x\nc.png,y\n");
    assert_int_equal(label_noise_make(&noise, d, 0.5, 0, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "fewer than two classes"));
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    const int count[] = {3, 4};
    struct dataset *d = make(count, 2);
    struct label_noise noise;
    FAILING_ALLOC_EACH(label_noise_make(&noise, d, 0.5, 0, &err), &err)
        assert_null(noise.label);
    free(noise.label);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_share_of_all_images_gets_another_class_all_equally_likely),
        SCRATCH_TEST(the_seed_decides),
        SCRATCH_TEST(an_image_whose_rows_disagree_and_a_class_without_images_are_left_out),
        SCRATCH_TEST(what_cannot_be_flipped_is_refused),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/label_noise", tests, NULL, NULL);
}
