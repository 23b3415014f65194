#include "run/train/hard_examples.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Six rows, of which 5, 1, 2 and 4 are trained on. */
static struct dataset *load(void)
{
    struct dataset *data;
    struct error err;
    FILE *f = fopen(scratch_path("photos.csv"), "w");
    assert_non_null(f);
    fputs("image,label\na.png,cat\n\"b, 1.png\",dog\nc.png,cat\nd.png,dog\ne.png,dog\nf.png,eel\n",
          f);
    fclose(f);
    const struct dataset_options options = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    assert_int_equal(dataset_load(&data, scratch_path("photos.csv"), &options, &err), STATUS_OK);
    return data;
}

static const int rows[] = {5, 1, 2, 4};
enum { CAT, DOG, EEL };

static void the_hardest_come_first_with_what_was_counted(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct hard_examples h;
    struct error err;
    assert_int_equal(hard_examples_create(&h, data, rows, 4, &err), STATUS_OK);
    hard_examples_add(&h, (const int[]){1, 2}, (const float[]){1, 4}, (const int[]){DOG, EEL},
                      (const float[]){0, 1}, 2);
    hard_examples_add(&h, (const int[]){4}, (const float[]){2}, (const int[]){CAT},
                      (const float[]){0.5F}, 1);
    hard_examples_add(&h, (const int[]){2, 1}, (const float[]){0, 3}, (const int[]){CAT, CAT},
                      (const float[]){0, 0.5F}, 2);
    assert_int_equal(hard_examples_write(&h, scratch_path("hard.csv"), &err), STATUS_OK);
    /* All have a mean of 2: c and b counted once of two, e once of one; so by row. f was not seen.
     */
    scratch_assert_content(
        scratch_path("hard.csv"),
        "image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n"
        "\"b, 1.png\",dog,2,1,2,3,cat\n"
        "c.png,cat,2,1,2,0,cat\n"
        "e.png,dog,1,1,2,2,cat\n");
    hard_examples_add(&h, (const int[]){5, 4}, (const float[]){9, 3}, (const int[]){CAT, DOG},
                      (const float[]){1, 0}, 2);
    assert_int_equal(hard_examples_write(&h, scratch_path("hard.csv"), &err), STATUS_OK);
    scratch_assert_content(
        scratch_path("hard.csv"),
        "image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n"
        "f.png,eel,1,1,9,9,cat\n"
        "e.png,dog,2,1,2.5,3,dog\n"
        "\"b, 1.png\",dog,2,1,2,3,cat\n"
        "c.png,cat,2,1,2,0,cat\n");
    hard_examples_free(&h);
    dataset_destroy(data);
}

/* Rows that come in another order than the table's, so that no sort that keeps order hides a tie.
 */
static void of_equal_losses_that_which_counted_more_often_then_the_row(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct hard_examples h;
    struct error err;
    assert_int_equal(hard_examples_create(&h, data, (const int[]){4, 2, 1}, 3, &err), STATUS_OK);
    hard_examples_add(&h, (const int[]){4, 2, 1}, (const float[]){2, 2, 2},
                      (const int[]){CAT, CAT, CAT}, (const float[]){1, 1, 0}, 3);
    assert_int_equal(hard_examples_write(&h, scratch_path("hard.csv"), &err), STATUS_OK);
    scratch_assert_content(
        scratch_path("hard.csv"),
        "image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n"
        "c.png,cat,1,1,2,2,cat\n"
        "e.png,dog,1,1,2,2,cat\n"
        "\"b, 1.png\",dog,1,0,2,2,cat\n");
    hard_examples_free(&h);
    dataset_destroy(data);
}

static void shares_are_of_the_epoch_and_counts_of_the_run(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct hard_examples h;
    struct error err;
    assert_int_equal(hard_examples_create(&h, data, rows, 4, &err), STATUS_OK);
    assert_true(isnan(hard_examples_share(&h)));
    hard_examples_add(&h, rows, (const float[]){1, 2, 3, 4}, (const int[]){0, 0, 0, 0},
                      (const float[]){0, 0.5F, 0, 0.5F}, 4);
    assert_true(hard_examples_share(&h) == 0.5);
    assert_true(hard_examples_class_share(&h, DOG) == 1);
    assert_true(hard_examples_class_share(&h, CAT) == 0);
    hard_examples_begin_epoch(&h);
    hard_examples_add(&h, (const int[]){4}, (const float[]){1}, (const int[]){0},
                      (const float[]){0}, 1);
    assert_true(hard_examples_class_share(&h, DOG) == 0);
    assert_true(isnan(hard_examples_class_share(&h, EEL)));
    assert_int_equal(h.seen[3], 2);
    assert_int_equal(h.selected[3], 1);
    hard_examples_free(&h);
    dataset_destroy(data);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct dataset *data = load();
    struct hard_examples h;
    struct error err = {0};
    FAILING_ALLOC_EACH(hard_examples_create(&h, data, rows, 4, &err), &err)
        ;
    hard_examples_free(&h);
    dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_hardest_come_first_with_what_was_counted),
        SCRATCH_TEST(of_equal_losses_that_which_counted_more_often_then_the_row),
        SCRATCH_TEST(shares_are_of_the_epoch_and_counts_of_the_run),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
