#include "nn/model_spec.h"

#include "nn/block_kinds.h"

#include "math/close.h"

#include <string.h>

static struct model_spec valid(void)
{
    return (struct model_spec){.name = "valid",
                               .stem = {{32, 7, 2, 3, 1}},
                               .n_stem = 1,
                               .pool = {3, 2, 1},
                               .block = &block_basic,
                               .stage = {{1, 32, 1, {0}}, {2, 64, 2, {0}}},
                               .n_stages = 2,
                               .norm = {NORM_GROUP, 8, 1e-5, 0.1},
                               .activation = KERNELS_RELU};
}

static void expect(const struct model_spec *spec, const char *message)
{
    struct error err = {0};
    assert_int_equal(model_spec_check(spec, &err), STATUS_FAILED);
    assert_string_equal(err.message, message);
}

static void a_valid_network_passes_with_and_without_pool_and_norm(void **state)
{
    (void)state;
    struct error err;
    struct model_spec s = valid();
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
    s.pool.padding = LAYER_PADDING_SAME;
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
    s.pool = (struct pool_spec){0};
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
    s.norm.kind = NORM_BATCH;
    s.norm.groups = 0; /* not read */
    s.stage[0].width = 33;
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
    s.norm = (struct norm_spec){0};
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
}

static void a_value_out_of_range_is_named_with_its_field_and_range(void **state)
{
    (void)state;
#define EXPECT(assignment, message)                                                                \
    do {                                                                                           \
        struct model_spec s = valid();                                                             \
        s.assignment;                                                                              \
        expect(&s, message);                                                                       \
    } while (0)
    EXPECT(n_stem = 0, "stem.length: 0 is not in 1..8");
    EXPECT(n_stem = 9, "stem.length: 9 is not in 1..8");
    EXPECT(stem[0].width = 0, "stem[0].width: 0 is not in 1..8192");
    EXPECT(stem[0].kernel = 16, "stem[0].kernel: 16 is not in 1..15");
    EXPECT(stem[0].stride = -1, "stem[0].stride: -1 is not in 1..8");
    EXPECT(pool.kernel = 17, "pool.kernel: 17 is not in 1..15");
    EXPECT(pool.kernel = -1, "pool.kernel: -1 is not in 1..15");
    EXPECT(pool.stride = 0, "pool.stride: 0 is not in 1..8");
    EXPECT(pool.padding = 2, "pool.padding: 2 is not in 0..1");
    EXPECT(pool.padding = -2, "pool.padding: -2 is not in 0..1");
    EXPECT(n_stages = 0, "stages.length: 0 is not in 1..8");
    EXPECT(stage[1].blocks = 0, "stages[1].blocks: 0 is not in 1..256");
    EXPECT(stage[1].width = 9000, "stages[1].width: 9000 is not in 1..8192");
    EXPECT(stage[1].stride = 9, "stages[1].stride: 9 is not in 1..8");
    EXPECT(norm.groups = 0, "norm.groups: 0 is not in 1..8192");
    EXPECT(norm.epsilon = 0, "norm.epsilon: 0 is not in (0, 1]");
    EXPECT(norm.epsilon = NAN, "norm.epsilon: nan is not in (0, 1]");
    EXPECT(norm.epsilon = 1.5, "norm.epsilon: 1.5 is not in (0, 1]");
    EXPECT(norm = ((struct norm_spec){NORM_BATCH, 0, 1e-5, 0}),
           "norm.momentum: 0 is not in (0, 1]");
    EXPECT(norm = ((struct norm_spec){NORM_BATCH, 0, 1e-5, 1.5}),
           "norm.momentum: 1.5 is not in (0, 1]");
    EXPECT(head_width = -1, "head.width: -1 is not in 1..8192");
    EXPECT(head_width = 12, "head.width: 12 is not a multiple of norm.groups (8)");
    EXPECT(stage[1].width = 60, "stages[1].width: 60 is not a multiple of norm.groups (8)");
    EXPECT(stem[0].width = 12, "stem[0].width: 12 is not a multiple of norm.groups (8)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_network_passes_with_and_without_pool_and_norm),
        cmocka_unit_test(a_value_out_of_range_is_named_with_its_field_and_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
