/* run/train/predictor: opening a weights file. (What it classifies is in tests/cli/predict.bats.)
 */
#include "failing_alloc.h"
#include "tiny_run.h"

#include "run/train/predictor.h"

/* Writes the network of r as name; its classes are 3, as the metadata says. */
static const char *write_weights(struct tiny_run *r, const char *name)
{
    const char *path = scratch_path(name);
    MUST(checkpoint_write(path, model_params(r->model), &r->metadata, err));
    return path;
}

static void everything_it_needs_is_in_the_file(void **state)
{
    (void)state;
    struct tiny_run r;
    struct predictor *p;
    tiny_create(&r, NORM_BATCH);
    MUST(predictor_open(&p, write_weights(&r, "weights.safetensors"), 4, err));
    assert_int_equal(predictor_metadata(p)->fit.size, TINY_SIZE);
    assert_string_equal(predictor_metadata(p)->classes.name[1], "green");
    assert_non_null(strstr(predictor_metadata(p)->model, "name: tiny"));
    assert_non_null(strstr(predictor_metadata(p)->model, "kind: batch")); /* whose weights fitted */
    predictor_close(p);
    tiny_destroy(&r);
}

static void a_folder_gives_its_best_weights_before_its_last(void **state)
{
    (void)state;
    struct tiny_run r;
    struct predictor *p;
    tiny_create(&r, NORM_GROUP);
    r.metadata.mean[0] = 0.25F; /* by which they can be told apart */
    write_weights(&r, "last.safetensors");
    MUST(predictor_open(&p, scratch_folder, 4, err));
    assert_true(predictor_metadata(p)->mean[0] == 0.25F);
    predictor_close(p);
    r.metadata.mean[0] = 0.5F;
    write_weights(&r, "best.safetensors");
    MUST(predictor_open(&p, scratch_folder, 4, err));
    assert_true(predictor_metadata(p)->mean[0] == 0.5F);
    predictor_close(p);
    tiny_destroy(&r);
}

static void weights_of_another_network_than_the_card_says_are_refused(void **state)
{
    (void)state;
    struct tiny_run r;
    struct predictor *p;
    struct error failure;
    tiny_create(&r, NORM_GROUP);
    free(r.metadata.model);
    const struct model_spec other = tiny_spec(NORM_BATCH);
    MUST(model_file_text(&r.metadata.model, &other, err));
    assert_int_equal(predictor_open(&p, write_weights(&r, "w.safetensors"), 4, &failure),
                     STATUS_FAILED);
    assert_null(p);
    assert_non_null(strstr(failure.message, "w.safetensors: the weights do not fit"));
    assert_non_null(strstr(failure.message, "running_mean"));
    tiny_destroy(&r);
}

static void refuse_second(struct tiny_run *r, const char *first, const char *expected)
{
    struct predictor *p;
    struct error failure = {0};
    MUST(predictor_open(&p, first, 4, err));
    assert_int_equal(predictor_add(p, write_weights(r, "second.safetensors"), &failure),
                     STATUS_FAILED);
    assert_non_null(strstr(failure.message, "first.safetensors and "));
    assert_non_null(strstr(failure.message, "second.safetensors: "));
    if (!strstr(failure.message, expected))
        fail_msg("%s", failure.message);
    predictor_close(p);
}

static void networks_with_other_classes_are_refused_by_both_names(void **state)
{
    (void)state;
    struct tiny_run r;
    struct predictor *p;
    tiny_create(&r, NORM_GROUP);
    const char *first = write_weights(&r, "first.safetensors");
    MUST(predictor_open(&p, first, 4, err));
    MUST(predictor_add(p, write_weights(&r, "second.safetensors"), err));
    predictor_close(p);
    strcpy(r.metadata.classes.name[2], "blau");
    refuse_second(&r, first, "class 3 is \"blue\" and \"blau\"");
    tiny_destroy(&r);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct tiny_run r;
    struct predictor *p;
    tiny_create(&r, NORM_GROUP);
    const char *path = write_weights(&r, "weights.safetensors");
    struct error failure = {0};
    FAILING_ALLOC_EACH(predictor_open(&p, path, 4, &failure), &failure)
        assert_null(p);
    predictor_close(p);
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(everything_it_needs_is_in_the_file),
        SCRATCH_TEST(a_folder_gives_its_best_weights_before_its_last),
        SCRATCH_TEST(weights_of_another_network_than_the_card_says_are_refused),
        SCRATCH_TEST(networks_with_other_classes_are_refused_by_both_names),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
