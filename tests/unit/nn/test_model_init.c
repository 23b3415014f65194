#include "nn/model.h"

#include "nn/block_kinds.h"

#include "nn/reference.h"

#include <string.h>

static struct model *create_from(const struct model_spec *spec, uint64_t seed)
{
    const struct model_options opt = {.classes = 50, .size = 16, .max_batch = 1};
    struct model *m;
    struct error err;
    assert_int_equal(model_create(&m, spec, &opt, &err), STATUS_OK);
    model_init(m, seed);
    return m;
}

static const struct model_spec small = {.name = "init",
                                        .stem = {{32, 7, 2, 3, 1}},
                                        .n_stem = 1,
                                        .block = &block_basic,
                                        .stage = {{1, 64, 2, {0}}},
                                        .n_stages = 1,
                                        .norm = {NORM_BATCH, 0, 1e-5, 0.1},
                                        .activation = KERNELS_RELU};

static struct model *create(uint64_t seed)
{
    return create_from(&small, seed);
}

static const struct param *find(struct model *m, const char *name)
{
    const struct param *p = param_find(model_params(m), name);
    assert_non_null(p);
    return p;
}

static void convolutions_are_normal_with_the_deviation_of_he_by_fan_out(void **state)
{
    (void)state;
    struct model *m = create(3);
    static const char *const names[] = {"conv1.weight", "layer1.0.conv1.weight",
                                        "layer1.0.conv2.weight", "layer1.0.downsample.0.weight"};
    for (int i = 0; i < 4; i++) {
        const struct param *p = find(m, names[i]);
        double sum = 0, square = 0, beyond = 0, n = (double)p->size;
        double deviation = sqrt(2.0 / (p->dim[0] * p->dim[2] * p->dim[3]));
        for (size_t j = 0; j < p->size; j++) {
            sum += p->data[j];
            square += (double)p->data[j] * p->data[j];
            beyond += fabs(p->data[j]) > deviation;
        }
        /* Five standard errors. */
        assert_true(fabs(sum / n) < 5 * deviation / sqrt(n));
        assert_true(fabs(sqrt(square / n) / deviation - 1) < 5 / sqrt(2 * n));
        assert_true(fabs(beyond / n - 0.3173) < 5 * 0.466 / sqrt(n));
    }
    model_destroy(m);
}

static void the_classifier_is_uniform_within_one_over_the_root_of_its_inputs(void **state)
{
    (void)state;
    struct model *m = create(3);
    static const char *const names[] = {"fc.weight", "fc.bias"};
    for (int i = 0; i < 2; i++) {
        const struct param *p = find(m, names[i]);
        double bound = 1 / sqrt(64), largest = 0, square = 0, n = (double)p->size;
        for (size_t j = 0; j < p->size; j++) {
            largest = fmax(largest, fabs(p->data[j]));
            square += (double)p->data[j] * p->data[j];
        }
        assert_true(largest <= bound && largest > 0.8 * bound);
        assert_true(fabs(square / n / (bound * bound / 3) - 1) < 5 * 0.9 / sqrt(n));
    }
    model_destroy(m);
}

static void norms_begin_as_the_identity(void **state)
{
    (void)state;
    struct model *m = create(3);
    static const struct {
        const char *name;
        float value;
    } cases[] = {{"bn1.weight", 1},
                 {"bn1.bias", 0},
                 {"bn1.running_mean", 0},
                 {"bn1.running_var", 1},
                 {"layer1.0.downsample.1.weight", 1}};
    for (int i = 0; i < 5; i++)
        for (size_t j = 0; j < find(m, cases[i].name)->size; j++)
            assert_true(find(m, cases[i].name)->data[j] == cases[i].value);
    assert_int_equal(find(m, "bn1.num_batches_tracked")->counter, 0);
    model_destroy(m);
}

static void a_block_can_begin_as_its_shortcut(void **state)
{
    (void)state;
    struct model_spec spec = small;
    spec.zero_init_residual = true;
    struct model *m = create_from(&spec, 3), *plain = create(3);
    const struct param_list *list = model_params(m), *other = model_params(plain);
    for (int i = 0; i < list->n; i++) {
        const struct param *p = &list->item[i];
        bool last = strcmp(p->name, "layer1.0.bn2.weight") == 0;
        for (size_t j = 0; j < p->size; j++)
            assert_true(p->data[j] == (last ? 0 : other->item[i].data[j]));
    }
    model_destroy(m);
    model_destroy(plain);
}

static void the_seed_decides_and_no_two_parameters_share_their_numbers(void **state)
{
    (void)state;
    struct model *a = create(3), *b = create(3), *c = create(4);
    const struct param_list *first = model_params(a);
    size_t bytes = first->n_all * sizeof(float);
    assert_memory_equal(first->all, model_params(b)->all, bytes);
    assert_memory_not_equal(first->all, model_params(c)->all, bytes);
    const char *const names[] = {"conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight"};
    double ratio[3]; /* of the first two numbers drawn: a stream used twice, scaled, would show */
    for (int i = 0; i < 3; i++) {
        const struct param *p = find(a, names[i]);
        float *disk = close_floats(p->size);
        param_to_disk(disk, p, p->data); /* the order in which they are drawn */
        ratio[i] = disk[0] / disk[1];
        assert_true(p->data[0] != find(c, names[i])->data[0]);
        for (int j = 0; j < i; j++)
            assert_true(fabs(ratio[i] - ratio[j]) > 1e-3);
        free(disk);
    }
    model_destroy(a);
    model_destroy(b);
    model_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_are_normal_with_the_deviation_of_he_by_fan_out),
        cmocka_unit_test(the_classifier_is_uniform_within_one_over_the_root_of_its_inputs),
        cmocka_unit_test(norms_begin_as_the_identity),
        cmocka_unit_test(a_block_can_begin_as_its_shortcut),
        cmocka_unit_test(the_seed_decides_and_no_two_parameters_share_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
