/* run/files/run_state: every bit comes back, and a changed fingerprint is refused. */
#include "failing_alloc.h"
#include "tiny_run.h"

#include "nn/optimiser.h"
#include "run/files/run_state.h"

#include <math.h>

static const struct run_state_fingerprint fingerprints[] = {{"seed", "7"}, {"batch-size", "6"}};

/* A third is no finite decimal, and the NaN of "no validation yet" must come back as well. */
static const struct run_state middle = {
    .epoch = 2,
    .next_batch = 3,
    .images = INT64_C(1) << 40,
    .correct = 9,
    .loss_sum = 1.0 / 3,
    .mean_loss_sum = 2.0 / 3,
    .best_epoch = 1,
    .best_accuracy = 0.1,
    .best_mean_loss = 1e-300,
    .last_accuracy = NAN,
    .batches_bytes = 12345,
    .results_bytes = 678,
};

static const struct optimiser_options adam_options = {
    .kind = OPTIMISER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

struct fixture {
    struct model *model;
    struct optimiser adam;
    struct run_state state;
    struct run_state_block block[4];
    struct run_state_content content;
};

static void create(struct fixture *f, uint64_t seed)
{
    const struct model_spec spec = tiny_spec(NORM_BATCH);
    const struct model_options options = {
        .classes = 3, .size = TINY_SIZE, .max_batch = 1, .training = true};
    MUST(model_create(&f->model, &spec, &options, err));
    model_init(f->model, seed);
    struct param_list *params = model_params(f->model);
    MUST(optimiser_create(&f->adam, params, &adam_options, err));
    for (size_t i = 0; i < params->n_trained; i++) {
        f->adam.m[i] = params->data[i] / 3;
        f->adam.v[i] = params->data[i] * params->data[i];
    }
    f->adam.step = (int64_t)seed;
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        if (p->kind == PARAM_COUNTER)
            p->counter = (int64_t)seed + i;
        if (p->kind == PARAM_BUFFER)
            p->data[0] = (float)seed;
    }
    f->state = (struct run_state){0};
    f->block[0] = (struct run_state_block){
        .name = "optimiser.m", .dtype = "F32", .data = f->adam.m, .count = (int64_t)f->adam.n};
    f->block[1] = (struct run_state_block){
        .name = "optimiser.v", .dtype = "F32", .data = f->adam.v, .count = (int64_t)f->adam.n};
    f->block[2] = (struct run_state_block){
        .name = "optimiser.step", .dtype = "I64", .data = &f->adam.step, .count = RUN_STATE_SCALAR};
    f->content = (struct run_state_content){.state = &f->state,
                                            .params = params,
                                            .block = f->block,
                                            .n_blocks = 3,
                                            .fingerprint = fingerprints,
                                            .n_fingerprints = 2};
}

static void destroy(struct fixture *f)
{
    optimiser_destroy(&f->adam);
    model_destroy(f->model);
}

static bool same(struct fixture *a, struct fixture *b)
{
    struct param_list *x = model_params(a->model), *y = model_params(b->model);
    size_t bytes = x->n_trained * sizeof(float);
    for (int i = 0; i < x->n; i++) {
        const struct param *p = &x->item[i], *q = &y->item[i];
        if (p->counter != q->counter || (p->data != NULL && p->data[0] != q->data[0]))
            return false;
    }
    return memcmp(x->data, y->data, bytes) == 0 && a->adam.step == b->adam.step &&
           memcmp(a->adam.m, b->adam.m, bytes) == 0 && memcmp(a->adam.v, b->adam.v, bytes) == 0;
}

static const char *write_state(struct fixture *f)
{
    const char *path = scratch_path("state.safetensors");
    f->state = middle;
    MUST(run_state_write(path, &f->content, err));
    return path;
}

static void every_bit_comes_back(void **state)
{
    (void)state;
    struct fixture a, b;
    create(&a, 1);
    create(&b, 2);
    const char *path = write_state(&a);
    MUST(run_state_read(&b.content, path, err));
    assert_memory_equal(&b.state, &middle, sizeof(middle));
    assert_true(same(&a, &b));
    destroy(&a);
    destroy(&b);
}

static void a_block_that_came_later_may_be_missing(void **state)
{
    (void)state;
    struct fixture a, b;
    create(&a, 1);
    create(&b, 2);
    double later[2] = {1.0 / 3, NAN};
    const struct run_state_block block = {
        .name = "later", .dtype = "F64", .data = later, .count = 2, .optional = true};
    a.block[3] = b.block[3] = block;
    const char *path = write_state(&a); /* without it */
    b.content.n_blocks = 4;
    MUST(run_state_read(&b.content, path, err));
    assert_true(later[0] == 1.0 / 3 && isnan(later[1]));
    assert_true(same(&a, &b));
    a.content.n_blocks = 4;
    write_state(&a);
    later[0] = later[1] = 0;
    MUST(run_state_read(&b.content, path, err));
    assert_true(later[0] == 1.0 / 3 && isnan(later[1]));
    struct error failure;
    b.block[3].count = 3;
    assert_int_equal(run_state_read(&b.content, path, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "later"));
    destroy(&a);
    destroy(&b);
}

static void a_changed_fact_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture a, b, untouched;
    create(&a, 1);
    create(&b, 2);
    create(&untouched, 2);
    const struct run_state_fingerprint changed[] = {{"seed", "7"}, {"batch-size", "8"}};
    struct error failure;
    b.content.fingerprint = changed;
    assert_int_equal(run_state_read(&b.content, write_state(&a), &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "state.safetensors: cannot continue, batch-size has "
                                            "changed: the run began with 6, now it is 8"));
    assert_int_equal(b.state.epoch, 0);
    assert_true(same(&b, &untouched));
    destroy(&a);
    destroy(&b);
    destroy(&untouched);
}

static void a_state_that_lacks_a_tensor_is_refused(void **state)
{
    (void)state;
    struct fixture a;
    create(&a, 1);
    const char *path = scratch_path("empty.safetensors");
    const char *const key[] = {"seed", "batch-size"}, *const value[] = {"7", "6"};
    MUST(safetensors_write(path, NULL, 0, key, value, 2, err));
    struct error failure;
    assert_int_equal(run_state_read(&a.content, path, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "tensor epoch is missing, expected I64 of 8 bytes"));
    assert_int_equal(run_state_read(&a.content, scratch_path("none"), &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "none"));
    destroy(&a);
}

/* A state with that value in one place is refused, by the tensor's name. */
static void refused_with(struct fixture *f, float *place, float value, const char *name)
{
    struct error failure;
    const char *path = scratch_path("state.safetensors");
    float before = *place;
    *place = value;
    MUST(run_state_write(path, &f->content, err));
    *place = before;
    assert_int_equal(run_state_read(&f->content, path, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, name));
    assert_true(*place == before);
}

static void values_that_no_run_writes_are_refused(void **state)
{
    (void)state;
    struct fixture a;
    struct error failure;
    const char *path = scratch_path("state.safetensors");
    create(&a, 1);
    struct param_list *params = a.content.params;
    refused_with(&a, &params->all[3], NAN, "tensor weights: its value 3 is nan");
    refused_with(&a, &a.adam.m[2], INFINITY, "tensor optimiser.m: its value 2 is inf");
    refused_with(&a, &a.adam.v[1], -1, "tensor optimiser.v: its value 1 is -1");
    refused_with(&a, &a.adam.v[1], NAN, "tensor optimiser.v");
    for (int i = 0; i < params->n; i++)
        if (params->item[i].kind == PARAM_BUFFER && strstr(params->item[i].name, "running_var"))
            refused_with(&a, params->item[i].data, -0.5f, "running_var");
    a.adam.v[1] = INFINITY; /* squares of gradients may be */
    MUST(run_state_write(path, &a.content, err));
    MUST(run_state_read(&a.content, path, err));
    a.adam.step = -1;
    MUST(run_state_write(path, &a.content, err));
    assert_int_equal(run_state_read(&a.content, path, &failure), STATUS_FAILED);
    assert_non_null(strstr(failure.message, "tensor optimiser.step"));
    destroy(&a);
}

static void every_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct fixture a;
    create(&a, 1);
    const char *path = write_state(&a);
    struct error failure = {0};
    FAILING_ALLOC_EACH(run_state_read(&a.content, path, &failure), &failure)
        ;
    FAILING_ALLOC_EACH(run_state_write(path, &a.content, &failure), &failure) {
        MUST(run_state_read(&a.content, path, err)); /* old or new, never half */
    }
    destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(every_bit_comes_back),
        SCRATCH_TEST(a_block_that_came_later_may_be_missing),
        SCRATCH_TEST(a_changed_fact_is_refused_and_changes_nothing),
        SCRATCH_TEST(a_state_that_lacks_a_tensor_is_refused),
        SCRATCH_TEST(values_that_no_run_writes_are_refused),
        SCRATCH_TEST(every_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
