/* The page of a run, from a folder written by hand. */
#include "run/page/run_page.h"

#include "base/files.h"
#include "failing_alloc.h"
#include "scratch.h"

#include <stdbool.h>
#include <stdlib.h>

static void put(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

/* Two classes, three validation images, one of them wrong; two epochs. */
static void make_run(void)
{
    assert_int_equal(setenv("ATK_TRAIN_SHARE", ".", 1), 0);
    char table[200];
    snprintf(table, sizeof table, "data: %s/photos.csv\nk: 0.5\n", scratch_folder);
    put("args.yaml", table);
    put("classes.txt", "cat\n<b>dog\n");
    put("results.csv", "epoch,train_loss,val_accuracy,val_mean_loss,selected,selected cat,"
                       "selected <b>dog\n1,1,0.5,0.7,1,1,1\n2,0.5,0.75,0.5,0.5,0.25,0.75\n");
    put("val_predictions.csv", "image,label,predicted,probability,cat,<b>dog\n"
                               "a.png,cat,cat,0.75,0.75,0.25\nb.png,cat,<b>dog,0.9,0.1,0.9\n"
                               "c.png,<b>dog,<b>dog,0.5,0.5,0.5\n");
    put("hard_examples.csv", "image,label,times_seen,times_selected,mean_loss,last_loss,"
                             "last_prediction\nt.png,cat,2,1,1.5,0.5,cat\n");
    put("summary.json", "{\"status\": \"finished\", \"seconds\": 3}\n");
    put("data_check.json", "{\"findings\": [{\"message\": \"</script>\"}]}\n");
    put("a.png", "no image, but a file");
}

static char *read_page(void)
{
    uint8_t *bytes;
    size_t size;
    struct error err;

    assert_int_equal(files_read(&bytes, &size, scratch_path("report.html"), 10 << 20, &err),
                     STATUS_OK);
    return (char *)bytes;
}

static void assert_holds(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("no %s", text);
}

static void the_figures_of_the_files_are_in_it(void **state)
{
    struct error err;

    (void)state;
    make_run();
    assert_int_equal(run_page_write(scratch_folder, &err), STATUS_OK);
    char *page = read_page();
    assert_holds(page, "\"kind\":\"run\"");
    assert_holds(page, "\"best\":{\"epoch\":2,\"accuracy\":0.75,");
    assert_holds(page, "\"name\":\"k\",\"value\":\"0.5\",\"default\":\"0.7\"");
    assert_holds(page, "\"classes\":[\"cat\",\"\\u003cb\\u003edog\"]");
    assert_holds(page, "\"matrix\":[[0,0,1],[0,1,1],[1,1,1]]");
    assert_holds(page, "\"support\":[2,1],\"predicted\":[1,2],\"correct\":[1,1]");
    assert_holds(page, "\"selected\":[0.25,0.75]");
    assert_holds(page, "\"coverage\":[{\"limit\":0,\"kept\":3,\"correct\":2},");
    assert_holds(page, "{\"limit\":0.8,\"kept\":1,\"correct\":0},");
    /* The largest loss first; of the files only a.png is there. */
    assert_holds(page, "\"image\":[\"b.png\",\"c.png\",\"a.png\"]");
    assert_holds(page, "\"there\":[0,0,1]");
    assert_holds(page, "\"training\":{\"total\":1,");
    assert_holds(page, "\"summary\":{\"status\":\"finished\"");
    assert_holds(page, "{\"message\":\"\\u003c/script\\u003e\"}");
    assert_null(strstr(page, "{{"));
    assert_null(strstr(page, "\"progress\":"));
    free(page);
}

static void a_run_under_way_has_its_place_and_not_the_summary_of_an_earlier_part(void **state)
{
    const struct run_document_progress progress = {
        .epoch = 3, .epochs = 9, .batch = 4, .batches = 5, .loss = 0.25};
    struct page_run run;
    struct error err;

    (void)state;
    make_run();
    assert_int_equal(page_run_read(&run, scratch_folder, &err), STATUS_OK);
    assert_int_equal(run_page_put(&run, &progress, &err), STATUS_OK);
    page_run_free(&run);
    char *page = read_page();
    assert_holds(page,
                 "\"progress\":{\"epoch\":3,\"epochs\":9,\"batch\":4,\"batches\":5,\"loss\":0.25");
    assert_null(strstr(page, "\"summary\":"));
    free(page);
}

/* With T = 0.5 the probability 0.75 of two classes is 0.5625 / (0.5625 + 0.0625) = 0.9. */
static void coverage_is_of_probabilities_with_the_temperature_of_the_best_weights(void **state)
{
    static const char header[] = "{\"__metadata__\":{\"temperature\":\"0.5\"}}";
    uint8_t file[8 + sizeof header - 1] = {sizeof header - 1};
    struct error err;

    (void)state;
    make_run();
    memcpy(file + 8, header, sizeof header - 1);
    scratch_write("best.safetensors", file, sizeof file);
    assert_int_equal(run_page_write(scratch_folder, &err), STATUS_OK);
    char *page = read_page();
    assert_holds(page, "\"coverage\":[{\"limit\":0,\"kept\":3,\"correct\":2},");
    assert_holds(page, "{\"limit\":0.8,\"kept\":2,\"correct\":1},");
    free(page);
}

/* Nothing to choose a best epoch by, nothing that was classified, no table yet. */
static void a_run_that_has_nothing_yet_has_a_page(void **state)
{
    struct error err;

    (void)state;
    make_run();
    static const char *const gone[] = {"results.csv", "val_predictions.csv", "hard_examples.csv",
                                       "summary.json", "data_check.json"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        assert_int_equal(remove(scratch_path(gone[i])), 0);
    assert_int_equal(run_page_write(scratch_folder, &err), STATUS_OK);
    char *page = read_page();
    assert_holds(page, "\"epochs\":{\"epoch\":[],");
    assert_null(strstr(page, "\"best\":"));
    assert_null(strstr(page, "\"validation\":"));
    free(page);
}

/* Links and the version are left out where there is no memory for them; anything else fails. */
static void without_memory_the_page_of_before_stays_or_is_a_whole_one(void **state)
{
    struct error err;
    bool asked = true;
    int n_failed = 0;

    (void)state;
    make_run();
    for (long n = 1; asked; n++) {
        put("report.html", "old");
        failing_alloc_after(n);
        enum status status = run_page_write(scratch_folder, &err);
        asked = failing_alloc_count() >= n;
        failing_alloc_off();
        n_failed += status != STATUS_OK;
        if (status != STATUS_OK) {
            assert_non_null(strstr(err.message, "out of memory"));
            scratch_assert_content(scratch_path("report.html"), "old");
            continue;
        }
        char *page = read_page();
        assert_holds(page, "\"kind\":\"run\"");
        assert_holds(page, "</html>");
        free(page);
    }
    assert_true(n_failed > 50);
}

static void a_template_that_is_missing_is_named(void **state)
{
    struct error err;

    (void)state;
    make_run();
    assert_int_equal(setenv("ATK_TRAIN_SHARE", scratch_path("none"), 1), 0);
    enum status status = run_page_write(scratch_folder, &err);
    /* Beside build/tests/run there is none either. */
    assert_int_equal(status, STATUS_FAILED);
    assert_non_null(strstr(err.message, "report.html was found in no scripts/page/ folder"));
    assert_false(files_exist(scratch_path("report.html")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_figures_of_the_files_are_in_it),
        SCRATCH_TEST(a_run_under_way_has_its_place_and_not_the_summary_of_an_earlier_part),
        SCRATCH_TEST(coverage_is_of_probabilities_with_the_temperature_of_the_best_weights),
        SCRATCH_TEST(a_run_that_has_nothing_yet_has_a_page),
        SCRATCH_TEST(without_memory_the_page_of_before_stays_or_is_a_whole_one),
        SCRATCH_TEST(a_template_that_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
