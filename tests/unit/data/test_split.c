#include "data/split.h"

#include "data/labelled_table.h"
#include "failing_alloc.h"

static void free_split(struct split *s)
{
    free(s->train);
    free(s->val);
    *s = (struct split){0};
}

static struct error err;

static int val_rows_of(const struct split *s, const struct dataset *d, int label)
{
    int n = 0;
    for (int i = 0; i < s->n_val; i++)
        n += dataset_sample(d, s->val[i])->label == label;
    return n;
}

/* Every row is on exactly one side, in ascending order. */
static void check_partition(const struct split *s, const struct dataset *d)
{
    int t = 0, v = 0;
    assert_int_equal(s->n_train + s->n_val, dataset_size(d));
    for (int i = 0; i < dataset_size(d); i++) {
        if (t < s->n_train && s->train[t] == i)
            t++;
        else if (v < s->n_val && s->val[v] == i)
            v++;
        else
            fail_msg("row %d is on no side, or out of order", i);
    }
}

static void each_class_gives_its_share(void **state)
{
    (void)state;
    const int counts[] = {100, 10, 44, 45, 5, 2};
    struct dataset *d = make(counts, 6);
    struct split s;
    assert_int_equal(split_make(&s, d, 0.1, 1, &err), STATUS_OK);
    check_partition(&s, d);
    assert_int_equal(val_rows_of(&s, d, 0), 10);
    assert_int_equal(val_rows_of(&s, d, 1), 1);
    assert_int_equal(val_rows_of(&s, d, 2), 4);
    assert_int_equal(val_rows_of(&s, d, 3), 5); /* 4.5 is rounded away from 0 */
    assert_int_equal(val_rows_of(&s, d, 4), 1);
    assert_int_equal(val_rows_of(&s, d, 5), 1); /* at least one */
    assert_int_equal(s.singletons, 0);
    assert_int_equal(s.unvalidated, 0);
    free_split(&s);
    assert_int_equal(split_make(&s, d, 0.99, 1, &err), STATUS_OK);
    assert_int_equal(val_rows_of(&s, d, 5), 1); /* at most all but one */
    assert_int_equal(val_rows_of(&s, d, 1), 9);
    free_split(&s);
    free_split(&s);
    dataset_destroy(d);
}

static void the_seed_decides(void **state)
{
    (void)state;
    const int counts[] = {50, 50};
    struct dataset *d = make(counts, 2);
    struct split a, b, c;
    assert_int_equal(split_make(&a, d, 0.2, 7, &err), STATUS_OK);
    assert_int_equal(split_make(&b, d, 0.2, 7, &err), STATUS_OK);
    assert_int_equal(split_make(&c, d, 0.2, 8, &err), STATUS_OK);
    assert_int_equal(a.n_val, 20);
    assert_memory_equal(a.val, b.val, 20 * sizeof(int));
    assert_memory_not_equal(a.val, c.val, 20 * sizeof(int));
    int differing = 0; /* places that class 0 draws and class 1, of the same size, does not */
    for (int i = 0; i < 10; i++)
        differing += a.val[i] != a.val[10 + i] - 50;
    assert_true(differing > 0);
    free_split(&a);
    free_split(&b);
    free_split(&c);
    dataset_destroy(d);
}

static void a_class_draws_whatever_the_others_do(void **state)
{
    (void)state;
    const int counts[] = {50, 20}, more[] = {50, 33};
    struct dataset *d = make(counts, 2);
    struct split a, b;
    assert_int_equal(split_make(&a, d, 0.2, 7, &err), STATUS_OK);
    dataset_destroy(d);
    d = make(more, 2);
    assert_int_equal(split_make(&b, d, 0.2, 7, &err), STATUS_OK);
    assert_memory_equal(a.val, b.val, 10 * sizeof(int)); /* class 0 comes first */
    free_split(&a);
    free_split(&b);
    dataset_destroy(d);
}

static void a_test_is_another_draw_than_validation(void **state)
{
    (void)state;
    const int counts[] = {50, 50};
    struct dataset *d = make(counts, 2);
    struct split a, b, again;
    assert_int_equal(split_make(&a, d, 0.2, 7, &err), STATUS_OK);
    assert_int_equal(split_make_test(&b, d, 0.2, 7, &err), STATUS_OK);
    assert_int_equal(split_make_test(&again, d, 0.2, 7, &err), STATUS_OK);
    check_partition(&b, d);
    assert_int_equal(b.n_val, 20);
    assert_memory_equal(b.val, again.val, 20 * sizeof(int));
    assert_memory_not_equal(a.val, b.val, 20 * sizeof(int));
    free_split(&a);
    free_split(&b);
    free_split(&again);
    dataset_destroy(d);
}

/* The draw that runs of before this test made: a split of theirs is found again. */
static void the_draw_of_a_seed_stays_what_it_was(void **state)
{
    (void)state;
    const int counts[] = {12, 9};
    struct dataset *d = make(counts, 2);
    struct split s;
    assert_int_equal(split_make(&s, d, 0.25, 3, &err), STATUS_OK);
    const int expected[] = {2, 8, 10, 12, 18};
    assert_int_equal(s.n_val, sizeof expected / sizeof *expected);
    assert_memory_equal(s.val, expected, sizeof expected);
    free_split(&s);
    dataset_destroy(d);
}

static void a_class_with_one_image_trains(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,1\nb,2\nc,2\nd,3\nd,3\n");
    struct split s;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(split_make(&s, d, 0.5, seed, &err), STATUS_OK);
        check_partition(&s, d);
        assert_int_equal(s.n_val, 1);
        assert_int_equal(val_rows_of(&s, d, 1), 1);
        assert_int_equal(s.singletons, 2); /* 1, and 3 with its one image in two rows */
        assert_int_equal(s.unvalidated, 2);
        free_split(&s);
    }
    dataset_destroy(d);
}

static void rows_of_one_image_stay_together(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,1\n./a,1\nb,1\nc,1\nb,1\nx,2\ny,2\nx,2\n");
    struct split s;
    for (uint64_t seed = 0; seed < 20; seed++) {
        bool in_val[8] = {false};
        assert_int_equal(split_make(&s, d, 0.4, seed, &err), STATUS_OK);
        check_partition(&s, d);
        for (int i = 0; i < s.n_val; i++)
            in_val[s.val[i]] = true;
        assert_int_equal(in_val[0], in_val[1]);
        assert_int_equal(in_val[2], in_val[4]);
        assert_int_equal(in_val[5], in_val[7]);
        assert_int_equal(in_val[0] + in_val[2] + in_val[3], 1); /* round(0.4 x 3 images) */
        free_split(&s);
    }
    dataset_destroy(d);
}

static void a_image_with_two_labels_trains(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,1\na,2\na,1\nb,1\nc,1\nd,2\ne,2\n");
    struct split s;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(split_make(&s, d, 0.5, seed, &err), STATUS_OK);
        check_partition(&s, d);
        assert_int_equal(s.n_val, 2);
        assert_true(s.val[0] > 2);
        free_split(&s);
    }
    dataset_destroy(d);
}

static void fraction_0_trains_with_everything(void **state)
{
    (void)state;
    const int counts[] = {5, 6};
    struct dataset *d = make(counts, 2);
    struct split s;
    assert_int_equal(split_make(&s, d, 0, 1, &err), STATUS_OK);
    assert_int_equal(s.n_train, 11);
    assert_int_equal(s.n_val, 0);
    assert_int_equal(s.unvalidated, 2);
    free_split(&s);
    assert_int_equal(split_make(&s, d, 1, 1, &err), STATUS_USAGE);
    assert_int_equal(split_make(&s, d, -0.1, 1, &err), STATUS_USAGE);
    dataset_destroy(d);
}

static void the_split_is_written_in_row_order(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\n\"a,b\",cat\nb,cat\nc,\"d\"\"g\"\n");
    struct split s;
    assert_int_equal(split_make(&s, d, 0.5, 1, &err), STATUS_OK);
    assert_int_equal(split_write(&s, d, scratch_path("split.csv"), &err), STATUS_OK);
    char *text = scratch_read("split.csv"), expected[128];
    bool first = s.val[0] == 0;
    snprintf(expected, sizeof expected,
             "image,label,split\n\"a,b\",cat,%s\nb,cat,%s\nc,\"d\"\"g\",train\n",
             first ? "val" : "train", first ? "train" : "val");
    assert_string_equal(text, expected);
    assert_int_equal(split_write(&s, d, "/no such folder/split.csv", &err), STATUS_FAILED);
    free(text);
    free_split(&s);
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    const int counts[] = {5, 6};
    struct dataset *d = make(counts, 2);
    struct split s;
    FAILING_ALLOC_EACH(split_make(&s, d, 0.5, 1, &err), &err) {
        assert_null(s.train);
        assert_null(s.val);
    }
    free_split(&s);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(each_class_gives_its_share),
        SCRATCH_TEST(the_seed_decides),
        SCRATCH_TEST(a_class_draws_whatever_the_others_do),
        SCRATCH_TEST(a_test_is_another_draw_than_validation),
        SCRATCH_TEST(the_draw_of_a_seed_stays_what_it_was),
        SCRATCH_TEST(a_class_with_one_image_trains),
        SCRATCH_TEST(rows_of_one_image_stay_together),
        SCRATCH_TEST(a_image_with_two_labels_trains),
        SCRATCH_TEST(fraction_0_trains_with_everything),
        SCRATCH_TEST(the_split_is_written_in_row_order),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/split", tests, NULL, NULL);
}
