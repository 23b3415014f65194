#include "data/flip_ranking.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

static struct error err;

static enum status read_texts(struct flip_ranking *out, const char *flipped, const char *ranking)
{
    return flip_ranking_read(out, scratch_write_text("flipped.csv", flipped),
                             scratch_write_text("hard.csv", ranking), &err);
}

static void hits_are_counted_from_the_top(void **state)
{
    (void)state;
    struct flip_ranking r;
    const int expected[] = {0, 1, 1, 2, 2, 3};
    assert_int_equal(
        read_texts(&r, "image,label\na.png,x\n\"b,1.png\",x\nc.png,y\nnone.png,z\n",
                   "loss,image\n9,c.png\n8,d.png\n7,./a.png\n6,e.png\n5,\"b,1.png\"\n"),
        STATUS_OK);
    assert_int_equal(r.n, 5);
    assert_memory_equal(r.found, expected, sizeof expected);
    free(r.found);
}

static void rows_without_an_image_hit_nothing(void **state)
{
    (void)state;
    struct flip_ranking r;
    assert_int_equal(read_texts(&r, "label,image\nx\ny,a.png\n", "label,image\nz\na.png,a.png\n"),
                     STATUS_OK);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.found[1], 0);
    assert_int_equal(r.found[2], 1);
    free(r.found);
}

static void assert_refused(const char *flipped, const char *ranking, const char *reason)
{
    struct flip_ranking r;
    assert_int_equal(read_texts(&r, flipped, ranking), STATUS_FAILED);
    assert_null(r.found);
    assert_non_null(strstr(err.message, reason));
}

static void tables_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_refused("", "image\na\n", "flipped.csv: the file is empty");
    assert_refused("image\na\n", "", "hard.csv: the file is empty");
    assert_refused("picture,label\na,b\n", "image\na\n", "flipped.csv:1: no column \"image\"");
    assert_refused("image\na\n", "picture,label\na,b\n", "hard.csv:1: no column \"image\"");
    assert_refused("image\na\n", "image\nb\n", "hard.csv: has none of the images of ");
    assert_refused("image\na\n", "image\n", "hard.csv: has none of the images of ");
    assert_refused("image\n\"a\n", "image\na\n", "flipped.csv:2: ");
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct flip_ranking r;
    const char *flipped = scratch_write_text("flipped.csv", "image\na\nb\n");
    const char *hard = scratch_write_text("hard.csv", "image\nb\nc\n");
    FAILING_ALLOC_EACH(flip_ranking_read(&r, flipped, hard, &err), &err)
        assert_null(r.found);
    free(r.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(hits_are_counted_from_the_top),
        SCRATCH_TEST(rows_without_an_image_hit_nothing),
        SCRATCH_TEST(tables_that_do_not_fit_are_refused),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/flip_ranking", tests, NULL, NULL);
}
