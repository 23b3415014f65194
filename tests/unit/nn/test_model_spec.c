#include "nn/model_spec.h"

#include "math/close.h"

#include <string.h>

static struct model_spec valid(void)
{
    return (struct model_spec){.name = "valid",
                               .stem = {{32, 7, 2}},
                               .n_stem = 1,
                               .pool_kernel = 3,
                               .pool_stride = 2,
                               .stage = {{1, 32, 1}, {2, 64, 2}},
                               .n_stages = 2,
                               .norm = NORM_GROUP,
                               .groups = 8};
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
    s.pool_kernel = s.pool_stride = 0;
    assert_int_equal(model_spec_check(&s, &err), STATUS_OK);
    s.norm = NORM_BATCH;
    s.groups = 0; /* not read */
    s.stage[0].width = 33;
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
    EXPECT(pool_kernel = 17, "pool.kernel: 17 is not in 1..15");
    EXPECT(pool_kernel = -1, "pool.kernel: -1 is not in 1..15");
    EXPECT(pool_stride = 0, "pool.stride: 0 is not in 1..8");
    EXPECT(n_stages = 0, "stages.length: 0 is not in 1..8");
    EXPECT(stage[1].blocks = 0, "stages[1].blocks: 0 is not in 1..256");
    EXPECT(stage[1].width = 9000, "stages[1].width: 9000 is not in 1..8192");
    EXPECT(stage[1].stride = 9, "stages[1].stride: 9 is not in 1..8");
    EXPECT(groups = 0, "norm.groups: 0 is not in 1..8192");
    EXPECT(stage[1].width = 60, "stages[1].width: 60 is not a multiple of norm.groups (8)");
    EXPECT(stem[0].width = 12, "stem[0].width: 12 is not a multiple of norm.groups (8)");
}

static void odd_kernels_keep_the_size_and_even_ones_have_no_padding(void **state)
{
    (void)state;
    static const int padding[] = {0, 0, 0, 1, 0, 2, 0, 3};
    for (int kernel = 1; kernel <= 7; kernel++)
        assert_int_equal(model_spec_padding(kernel), padding[kernel]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_network_passes_with_and_without_pool_and_norm),
        cmocka_unit_test(a_value_out_of_range_is_named_with_its_field_and_range),
        cmocka_unit_test(odd_kernels_keep_the_size_and_even_ones_have_no_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
