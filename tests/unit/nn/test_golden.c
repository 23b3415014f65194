/* The whole step against PyTorch: tests/golden/nn/NAME.safetensors, made by scripts/make_golden.py.
 *
 * A golden tensor is the result of a float64 run, and "distance/..." beside it says how far
 * PyTorch's float32 run is from that (relative L2), which is the yardstick: both are rounding, only
 * in another order. The inputs were chosen such that no ReLU or max-pool is near its turning point.
 */
#include "io/safetensors.h"
#include "nn/atk.h"
#include "nn/block_kinds.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "nn/optimiser.h"
#include "seeded_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_BATCH     8
#define MAX_CLASSES   8
#define LEARNING_RATE 0.01
#define EPSILON       0.01 /* see make_golden.py */

struct golden_case {
    const char *name;
    struct model_spec spec;
    int classes, batch, size, k;
};

/* Widths width, 2 width, 4 width, 8 width behind a 7x7/2 convolution and a 3x3/2 max-pool. */
#define FOUR_STAGES(width_, blocks_)                                                               \
    .stem = {{(width_), 7, 2, 3, 1}}, .n_stem = 1, .pool = {3, 2, 1}, .block = &block_basic,       \
    .activation = KERNELS_RELU, .n_stages = 4,                                                     \
    .stage = {{(blocks_), (width_), 1, {0}},                                                       \
              {(blocks_), 2 * (width_), 2, {0}},                                                   \
              {(blocks_), 4 * (width_), 2, {0}},                                                   \
              {(blocks_), 8 * (width_), 2, {0}}}

static const struct golden_case CASES[] = {
    {"small-bn", {FOUR_STAGES(8, 1), .norm = {NORM_BATCH, 0, 1e-5, 0.1}}, 5, 5, 64, 3},
    {"small-gn", {FOUR_STAGES(8, 1), .norm = {NORM_GROUP, 4, 1e-5, 0.1}}, 5, 5, 64, 3},
    {"resnet18", {FOUR_STAGES(64, 2), .norm = {NORM_BATCH, 0, 1e-5, 0.1}}, 7, 2, 64, 1},
    {"resnet10-gn", {FOUR_STAGES(32, 1), .norm = {NORM_GROUP, 8, 1e-5, 0.1}}, 7, 3, 96, 2},
};

/* A case that has been run, once; the tests look at parts of it. */
struct witness {
    const struct golden_case *c;
    struct safetensors golden;
    double *distance; /* of ours, for each golden entry; -1: we computed no such thing */
    int selected[MAX_BATCH], n_selected;
};

#define N_CASES (sizeof CASES / sizeof CASES[0])
static struct witness WITNESS[N_CASES];

/* Compares a tensor of ours, in PyTorch's layout, with the entries of it that the file holds. */
static void record(struct witness *w, const char *group, const char *name, const float *ours,
                   size_t size)
{
    char key[160];
    snprintf(key, sizeof key, "%s%s", group, name);
    const struct safetensors_entry *e = safetensors_find(&w->golden, key);
    if (!e)
        fail_msg("%s: no golden tensor \"%s\"", w->c->name, key);
    size_t n = e->n_bytes / sizeof(float);
    assert_true(n <= size);
    double difference = 0, norm = 0;
    for (size_t j = 0; j < n; j++) {
        float want;
        memcpy(&want, (const char *)e->data + j * sizeof want, sizeof want);
        double d = (double)ours[j * size / n] - want;
        difference += d * d;
        norm += (double)want * want;
    }
    w->distance[e - w->golden.entry] = sqrt(difference / norm);
}

/* Weights, or gradients, of all trained parameters. */
static void record_parameters(struct witness *w, const char *group, const struct param_list *list,
                              bool gradients)
{
    for (int i = 0; i < list->n; i++) {
        const struct param *p = &list->item[i];
        if (!param_is_trained(p))
            continue;
        float *disk = malloc(p->size * sizeof *disk);
        assert_non_null(disk);
        param_to_disk(disk, p, gradients ? p->grad : p->data);
        record(w, group, p->name, disk, p->size);
        free(disk);
    }
}

static void record_buffers(struct witness *w, const struct param_list *list)
{
    for (int i = 0; i < list->n; i++) {
        const struct param *p = &list->item[i];
        if (p->kind == PARAM_BUFFER)
            record(w, "buffer/", p->name, p->data, p->size);
    }
}

static void load_seeded_weights(struct param_list *list)
{
    for (int i = 0; i < list->n; i++) {
        struct param *p = &list->item[i];
        float *disk = malloc(p->size * sizeof *disk + 1);
        assert_non_null(disk);
        if (p->kind == PARAM_COUNTER) {
            p->counter = 0;
        } else {
            seeded_parameter(disk, p);
            param_from_disk(p->data, p, disk);
        }
        free(disk);
    }
}

/* Forward, loss, selection and backward; dlogits come weighted. */
static void run_gradients(struct witness *w, struct model *m, const float *x, bool is_first)
{
    const struct golden_case *c = w->c;
    float losses[MAX_BATCH], weight[MAX_BATCH], dlogits[MAX_BATCH * MAX_CLASSES];
    int label[MAX_BATCH], selected[MAX_BATCH], scratch[MAX_BATCH];
    for (int i = 0; i < c->batch; i++)
        label[i] = i * 3 % c->classes;

    const float *logits = model_forward(m, x, c->batch, MODEL_TRAIN);
    loss_cross_entropy(losses, dlogits, NULL, logits, label, c->batch, c->classes, NULL);
    int k = atk_select(weight, selected, losses, c->batch, c->k, scratch);
    if (is_first) {
        float loss = (float)atk_mean(losses, selected, k);
        record(w, "logits", "", logits, (size_t)c->batch * (size_t)c->classes);
        record(w, "losses", "", losses, (size_t)c->batch);
        record(w, "loss", "", &loss, 1);
        memcpy(w->selected, selected, sizeof selected);
        w->n_selected = k;
    }
    for (int i = 0; i < c->batch * c->classes; i++)
        dlogits[i] *= weight[i / c->classes];
    model_backward(m, dlogits, selected, k);
}

static const struct optimiser_options adam_options = {
    .kind = OPTIMISER_ADAM, .body_factor = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = EPSILON};

/* Each step starts from the seeded weights, while the moments go on. */
static void run_steps(struct witness *w, struct model *m, struct optimiser *opt)
{
    const struct golden_case *c = w->c;
    struct param_list *params = model_params(m);
    const struct safetensors_entry *seeds = safetensors_find(&w->golden, "seeds");
    assert_non_null(seeds);
    size_t n_steps = seeds->n_bytes / sizeof(int64_t);
    float *x = malloc((size_t)c->batch * (size_t)c->size * (size_t)c->size * 3 * sizeof *x);
    assert_non_null(x);
    for (size_t step = 0; step < n_steps; step++) {
        int64_t seed;
        memcpy(&seed, (const char *)seeds->data + step * sizeof seed, sizeof seed);
        load_seeded_weights(params);
        seeded_images(x, (uint64_t)seed, c->batch, c->size);
        run_gradients(w, m, x, step == 0);
        if (step == 0) {
            record_parameters(w, "gradient/", params, true);
            record_buffers(w, params);
            const float *logits = model_forward(m, x, c->batch, MODEL_EVAL);
            record(w, "logits_eval", "", logits, (size_t)c->batch * (size_t)c->classes);
        }
        optimiser_step(opt, params, LEARNING_RATE);
        if (step == 0)
            record_parameters(w, "after_first/", params, false);
        if (step == n_steps - 1 && n_steps > 1)
            record_parameters(w, "after_last/", params, false);
    }
    free(x);
}

static int run_case(struct witness *w, const struct golden_case *c)
{
    struct error err;
    char path[128];
    *w = (struct witness){.c = c};
    snprintf(path, sizeof path, "tests/golden/nn/%s.safetensors", c->name);
    if (safetensors_read(&w->golden, path, &err) != STATUS_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    w->distance = malloc(w->golden.n_entries * sizeof *w->distance);
    assert_non_null(w->distance);
    for (size_t i = 0; i < w->golden.n_entries; i++)
        w->distance[i] = -1;

    struct model_options opt = {
        .classes = c->classes, .size = c->size, .max_batch = c->batch, .training = true};
    struct model *m = NULL;
    struct optimiser adam = {0};
    if (model_create(&m, &c->spec, &opt, &err) != STATUS_OK ||
        optimiser_create(&adam, model_params(m), &adam_options, &err) != STATUS_OK) {
        print_error("%s\n", err.message);
        model_destroy(m);
        return -1;
    }
    run_steps(w, m, &adam);
    optimiser_destroy(&adam);
    model_destroy(m);
    return 0;
}

static int run_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        if (run_case(&WITNESS[i], &CASES[i]) != 0)
            return -1;
    return 0;
}

static int free_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        safetensors_free(&WITNESS[i].golden);
        free(WITNESS[i].distance);
    }
    return 0;
}

/* Winograd convolutions round two to three times as coarsely as direct ones, which PyTorch uses;
 * what was seen over kernel levels, BLAS core types and builds is 4.6, and 6.6 for a bias after one
 * step of Adam, which divides a gradient by its own size. A few units of float32's last place are
 * for tensors that PyTorch hit by luck. */
#define FACTOR     6
#define LAST_PLACE 2e-7

/* Every golden tensor of a group: ours is at most FACTOR times as far away as PyTorch's float32. */
static void assert_group_is_near(const struct witness *w, const char *group)
{
    int n_checked = 0, n_far = 0;
    for (size_t i = 0; i < w->golden.n_entries; i++) {
        const char *name = w->golden.entry[i].name;
        char key[160];
        if (strncmp(name, group, strlen(group)) != 0)
            continue;
        snprintf(key, sizeof key, "distance/%s", name);
        const struct safetensors_entry *e = safetensors_find(&w->golden, key);
        assert_non_null(e);
        float pytorch;
        memcpy(&pytorch, e->data, sizeof pytorch);
        double ours = w->distance[i];
        n_checked++;
        if (!(ours >= 0 && ours <= FACTOR * ((double)pytorch + LAST_PLACE))) {
            print_error("%s: %s is %.2e away, PyTorch %.2e\n", w->c->name, name, ours,
                        (double)pytorch);
            n_far++;
        }
    }
    assert_true(n_checked > 0);
    assert_int_equal(n_far, 0);
}

static void logits_in_training_and_evaluation_mode_are_those_of_pytorch(void **state)
{
    assert_group_is_near(*state, "logits");
}

static void individual_losses_and_their_top_k_average_are_those_of_pytorch(void **state)
{
    assert_group_is_near(*state, "loss");
}

static void the_same_samples_are_selected(void **state)
{
    const struct witness *w = *state;
    const struct safetensors_entry *e = safetensors_find(&w->golden, "selected");
    assert_non_null(e);
    assert_int_equal(w->n_selected, e->n_bytes / sizeof(int64_t));
    for (int i = 0; i < w->n_selected; i++) {
        int64_t want;
        memcpy(&want, (const char *)e->data + (size_t)i * sizeof want, sizeof want);
        assert_int_equal(w->selected[i], want);
    }
}

static void every_gradient_is_that_of_pytorch(void **state)
{
    assert_group_is_near(*state, "gradient/");
}

static void running_statistics_are_those_of_pytorch(void **state)
{
    assert_group_is_near(*state, "buffer/");
}

static void weights_after_one_adam_step_are_those_of_pytorch(void **state)
{
    assert_group_is_near(*state, "after_first/");
}

static void weights_after_ten_adam_steps_from_reloaded_weights_are_those_of_pytorch(void **state)
{
    assert_group_is_near(*state, "after_last/");
}

#define ON(test, name, index)                                                                      \
    {                                                                                              \
        name ": " #test, test, NULL, NULL, &WITNESS[index]                                         \
    }
#define ON_EVERY_CASE(name, index)                                                                 \
    ON(logits_in_training_and_evaluation_mode_are_those_of_pytorch, name, index),                  \
        ON(individual_losses_and_their_top_k_average_are_those_of_pytorch, name, index),           \
        ON(the_same_samples_are_selected, name, index),                                            \
        ON(every_gradient_is_that_of_pytorch, name, index),                                        \
        ON(weights_after_one_adam_step_are_those_of_pytorch, name, index)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY_CASE("small-bn", 0),
        ON(running_statistics_are_those_of_pytorch, "small-bn", 0),
        ON(weights_after_ten_adam_steps_from_reloaded_weights_are_those_of_pytorch, "small-bn", 0),
        ON_EVERY_CASE("small-gn", 1),
        ON(weights_after_ten_adam_steps_from_reloaded_weights_are_those_of_pytorch, "small-gn", 1),
        ON_EVERY_CASE("resnet18", 2),
        ON(running_statistics_are_those_of_pytorch, "resnet18", 2),
        ON_EVERY_CASE("resnet10-gn", 3),
    };
    return cmocka_run_group_tests(tests, run_cases, free_cases);
}
