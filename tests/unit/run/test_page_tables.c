/* The readers of a run folder's tables, for its page. */
#include "run/page/epoch_table.h"
#include "run/page/hard_table.h"
#include "run/page/predictions.h"
#include "run/page/thumbnails.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <math.h>

static char *names[] = {"cat", "<b>", "label"};
static const struct class_list classes = {names, 3};

static const char *put(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

#define HEADER "image,label,predicted,probability,cat,<b>,class label\n"

static void predictions_are_read_with_their_losses(void **state)
{
    struct predictions p;
    struct error err;
    int order[2];
    const char *path = put("val_predictions.csv", HEADER "a.png,cat,<b>,0.5,0.25,0.5,0.25\n"
                                                         "\"b,1.png\",label,label,1,0,0,1\n");

    (void)state;
    FAILING_ALLOC_EACH(predictions_read(&p, path, &classes, &err), &err)
        assert_null(p.image);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.image[1], "b,1.png");
    assert_int_equal(p.label[0], 0);
    assert_int_equal(p.predicted[0], 1);
    assert_true(fabs(p.loss[0] - log(4)) < 1e-12);
    assert_true(p.loss[1] == 0);
    predictions_order(&p, order);
    assert_int_equal(order[0], 0);
    predictions_free(&p);
}

static void assert_refused(const char *text, const char *why)
{
    struct predictions p;
    struct error err;

    assert_int_equal(predictions_read(&p, put("p.csv", text), &classes, &err), STATUS_FAILED);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" is not in \"%s\"", why, err.message);
}

static void predictions_that_are_none_are_refused_with_file_and_line(void **state)
{
    (void)state;
    assert_refused("", "p.csv: a header line was expected");
    assert_refused("image,label\n", "p.csv: 2 columns, but 7 for a run of 3 classes");
    assert_refused("image,label,predicted,x,cat,<b>,label\n", "column 4 is not \"probability\"");
    assert_refused(HEADER "a.png,cat,cat,1,1,0\n", "p.csv:2: 6 fields where the header has 7");
    assert_refused(HEADER "a.png,dog,cat,1,1,0,0\n", "p.csv:2: \"dog\" is none of the run's");
    assert_refused(HEADER "a.png,cat,cat,1,1.5,0,0\n", "p.csv:2: \"1.5\" is not a probability");
    assert_refused(HEADER "a.png,cat,cat,1,1,-1,0\n", "\"-1\" is not a probability");
    assert_refused(HEADER "a.png,cat,cat,1,nan,0,0\n", "\"nan\" is not a probability");
    assert_refused(HEADER "a.png,cat,cat,1,x,0,0\n", "p.csv:2: cat \"x\" is not a number");
}

static void epochs_have_their_figures_and_the_mean_threshold_of_their_batches(void **state)
{
    struct epoch_table t;
    struct error err;
    const char *results = put("results.csv", "epoch,train_loss,val_accuracy,val_mean_loss,"
                                             "selected,selected cat,selected <b>,selected label\n"
                                             "1,2,0.5,1,1,1,1,1\n2,1,0.75,0.9,0.5,0.25,,1\n"
                                             "3,,0.75,0.8,0.5,0.25,,1\n");
    const char *batches = put("batches.csv", "epoch,batch,threshold,seconds\n1,1,3,1\n1,2,1,1\n"
                                             "2,1,,1\nnonsense\n4,1,7,1\n");

    (void)state;
    FAILING_ALLOC_EACH(epoch_table_read(&t, results, batches, 3, &err), &err)
        assert_null(t.row);
    assert_int_equal(t.n, 3);
    assert_true(t.row[0].figure[EPOCH_THRESHOLD] == 2);
    assert_true(isnan(t.row[1].figure[EPOCH_THRESHOLD]));
    assert_true(isnan(t.row[2].figure[EPOCH_TRAIN_LOSS]));
    assert_true(isnan(t.row[0].figure[EPOCH_LEARNING_RATE]));
    assert_true(t.class_selected[0] == 0.25 && isnan(t.class_selected[1]));
    assert_int_equal(epoch_table_best(&t, MONITOR_ACCURACY), 2); /* a tie: the lower loss */
    assert_int_equal(epoch_table_best(&t, MONITOR_LOSS), 2);
    assert_int_equal(epoch_table_best(&t, MONITOR_BALANCED_ACCURACY), -1);
    epoch_table_free(&t);
    assert_int_equal(epoch_table_read(&t, put("r.csv", "epoch\n1.5\n"), NULL, 3, &err),
                     STATUS_FAILED);
    assert_non_null(strstr(err.message, "r.csv:2: epoch \"1.5\" is not a whole number"));
}

static void hard_examples_are_read_and_a_foreign_class_is_refused(void **state)
{
    static const char head[] =
        "image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n";
    struct hard_table t;
    struct error err;
    char text[300];

    (void)state;
    snprintf(text, sizeof text, "%sx.png,<b>,20,7,1.5,0.25,cat\n", head);
    const char *path = put("hard_examples.csv", text);
    FAILING_ALLOC_EACH(hard_table_read(&t, path, &classes, &err), &err)
        assert_null(t.row);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.row[0].image, "x.png");
    assert_int_equal(t.row[0].label, 1);
    assert_int_equal(t.row[0].predicted, 0);
    assert_true(t.row[0].selected == 7 && t.row[0].mean_loss == 1.5);
    hard_table_free(&t);
    snprintf(text, sizeof text, "%sx.png,dog,20,7,1.5,0.25,cat\n", head);
    assert_int_equal(hard_table_read(&t, put("h.csv", text), &classes, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "h.csv:2: \"dog\" is none of the run's classes"));
}

/* ---- thumbnails ---- */

static void thumbnails_are_written_and_read_back(void **state)
{
    static uint8_t rgb[3 * 200 * 200];
    struct thumbnails t = {0}, read;
    struct error err;
    size_t size, read_size;
    const char *path = scratch_path("thumbnails.safetensors");

    (void)state;
    assert_int_equal(thumbnails_read(&read, path, &err), STATUS_OK); /* none yet */
    assert_int_equal(read.n, 0);
    assert_int_equal(thumbnails_add(&t, THUMBNAILS_TRAINING, "a", rgb, 200, 1.5, &err), STATUS_OK);
    rgb[0] = 255;
    assert_int_equal(thumbnails_add(&t, THUMBNAILS_VALIDATION, "a", rgb, THUMBNAILS_SIDE, 1, &err),
                     STATUS_OK);
    assert_int_equal(thumbnails_write(&t, path, &err), STATUS_OK);
    FAILING_ALLOC_EACH(thumbnails_read(&read, path, &err), &err)
        assert_int_equal(read.n, 0);
    assert_int_equal(read.n, 2);
    assert_int_equal(thumbnails_find(&read, THUMBNAILS_TRAINING, "a"), 0);
    assert_int_equal(thumbnails_find(&read, THUMBNAILS_VALIDATION, "a"), 1);
    assert_int_equal(thumbnails_find(&read, THUMBNAILS_MAP, "a"), -1);
    assert_true(read.aspect[0] == 1.5F);
    const uint8_t *jpeg = thumbnails_jpeg(&size, &t, 1);
    assert_memory_equal(thumbnails_jpeg(&read_size, &read, 1), jpeg, size);
    assert_int_equal(read_size, size);
    thumbnails_free(&t);
    thumbnails_free(&read);
}

static void thumbnails_that_lie_outside_their_tensor_are_refused(void **state)
{
    static uint8_t rgb[3 * THUMBNAILS_SIDE * THUMBNAILS_SIDE];
    struct thumbnails t = {0}, read;
    struct error err;
    const char *path = scratch_path("t.safetensors");

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(thumbnails_add(&t, THUMBNAILS_MAP, "a", rgb, THUMBNAILS_SIDE, 1, &err),
                         STATUS_OK);
    size_t end = t.end[0];
    t.end[0] = t.end[1] + 1; /* behind the end, and the next one ends before it */
    assert_int_equal(thumbnails_write(&t, path, &err), STATUS_OK);
    assert_int_equal(thumbnails_read(&read, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "thumbnail 0 is not within its tensor"));
    t.end[0] = end;
    t.aspect[1] = -1;
    assert_int_equal(thumbnails_write(&t, path, &err), STATUS_OK);
    assert_int_equal(thumbnails_read(&read, path, &err), STATUS_FAILED);
    assert_int_equal(read.n, 0);
    thumbnails_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(predictions_are_read_with_their_losses),
        SCRATCH_TEST(predictions_that_are_none_are_refused_with_file_and_line),
        SCRATCH_TEST(epochs_have_their_figures_and_the_mean_threshold_of_their_batches),
        SCRATCH_TEST(hard_examples_are_read_and_a_foreign_class_is_refused),
        SCRATCH_TEST(thumbnails_are_written_and_read_back),
        SCRATCH_TEST(thumbnails_that_lie_outside_their_tensor_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
