/* What every block promises to the network (nn/block.h): the sizes of its gradient buffers, and
 * where dL/dx comes out. That the numbers are right is test_model's. */
#include "nn/block_convs.h"
#include "nn/block_kinds.h"

#include "nn/layer_fixture.h"
#include "nn/threads.h"

#include <string.h>

enum { BATCH = 2, MAX_CONVS = 3 };

/* A block on its own, alone on arrays of just the size that it asks for. */
struct one_block {
    const struct block_kind *kind;
    struct tensor in;
    struct block_spec spec;        /* of a kind */
    struct block_convs_spec convs; /* of block_convs */
    struct conv_spec conv[MAX_CONVS];
    bool wants_dx;
    struct block *block;
};

static void build(void *layer, struct build *b)
{
    struct one_block *o = layer;
    struct block *k = o->block;
    k->kind = o->kind;
    k->in = o->in;
    o->convs.conv = o->conv;
    if (o->kind == &block_convs)
        block_convs_build(k, b, o->in, &o->convs);
    else
        o->kind->build(k, b, o->in, &o->spec);
    kept_build(&k->y, b, shape_floats(k->out.shape));
}

static void measure(void *layer, struct samples samples)
{
    const struct one_block *o = layer;
    float any[2]; /* not NULL: a gradient that is wanted */
    o->kind->forward(o->block, o->block->y.values, NULL, samples, MODEL_TRAIN);
    o->kind->backward(o->block, &any[0], &any[1], NULL, samples, o->wants_dx);
}

static void assert_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(isfinite(values[i]));
}

static void check(struct one_block *o)
{
    static const int index[BATCH] = {0, 1};
    const struct samples all = {index, BATCH};
    struct layer_fixture f;
    close_seed(130);
    o->block = test_calloc(1, o->kind->size);
    layer_fixture_create(&f, build, measure, o, BATCH);
    struct block *k = o->block;
    size_t in = shape_floats(k->in.shape) * BATCH, out = shape_floats(k->out.shape) * BATCH;
    size_t need[2] = {k->gradient_floats[0] * BATCH, k->gradient_floats[1] * BATCH};
    assert_true(need[0] >= out);
    if (o->wants_dx)
        assert_true(need[k->returns_in_g ? 0 : 1] >= in);
    float *x = close_normal(in), *g = close_filled(need[0], NAN),
          *other = close_filled(need[1], NAN);
    for (size_t i = 0; i < out; i++)
        g[i] = (float)rng_normal(&close_rng);
    k->kind->forward(k, k->y.values, x, all, MODEL_TRAIN);
    assert_finite(k->y.values, out);
    k->kind->backward(k, g, other, x, all, o->wants_dx);
    if (o->wants_dx)
        assert_finite(k->returns_in_g ? g : other, in);
    assert_int_equal(k->first_param, 0);
    for (int i = 0; i < f.build.n_params; i++)
        if (param_is_trained(&f.build.param[i]))
            assert_finite(f.build.param[i].grad, f.build.param[i].size);
    free(x);
    free(g);
    free(other);
    test_free(k);
    layer_fixture_destroy(&f);
}

static const struct norm_spec GROUPS = {NORM_GROUP, 4, 1e-5, 0};

/* Of a kind with the values of its keys: strides, with and without a shortcut of its own, first and
 * last of what learns. */
static void check_kind(const struct block_kind *kind, int width, const int *value)
{
    for (int stride = 1; stride <= 3; stride++)
        for (int in = 4; in <= width * 2; in += 4)
            for (int wants_dx = 0; wants_dx < 2; wants_dx++) {
                struct one_block o = {.kind = kind,
                                      .in = {{9, 8, in}, 5},
                                      .spec = {.width = width,
                                               .stride = stride,
                                               .is_first = true,
                                               .norm = GROUPS,
                                               .activation = KERNELS_RELU},
                                      .wants_dx = wants_dx == 1};
                memcpy(o.spec.value, value, (size_t)kind->n_keys * sizeof *value);
                check(&o);
            }
}

static void a_basic_block_needs_no_more_gradient_than_it_says(void **state)
{
    (void)state;
    for (int shortcut = 0; shortcut < 2; shortcut++)
        check_kind(&block_basic, 8, (const int[]){shortcut});
}

static void a_bottleneck_needs_no_more_gradient_than_it_says(void **state)
{
    (void)state;
    for (int shortcut = 0; shortcut < 2; shortcut++)
        for (int stride_in = 0; stride_in < 2; stride_in++)
            check_kind(&block_bottleneck, 16, (const int[]){stride_in, 4, shortcut});
}

static void a_res2net_block_needs_no_more_gradient_than_it_says(void **state)
{
    (void)state;
    for (int scale = 2; scale <= 4; scale += 2)
        for (int shortcut = 0; shortcut < 2; shortcut++)
            for (int chain = 0; chain < 2; chain++)
                check_kind(&block_res2net, 16, (const int[]){64, scale, shortcut, chain, !chain});
}

static void convolutions_in_a_row_need_no_more_gradient_than_they_say(void **state)
{
    (void)state;
    static const int widths[][MAX_CONVS] = {{8, 8, 8}, {32, 8, 4}, {4, 8, 32}, {8, 32, 8}};
    for (int w = 0; w < 4; w++)
        for (int n = 1; n <= MAX_CONVS; n++)
            for (int pool = 0; pool < 2; pool++)
                for (int wants_dx = 0; wants_dx < 2; wants_dx++) {
                    struct one_block o = {.kind = &block_convs,
                                          .in = {{9, 8, 6}, wants_dx ? 5 : -1},
                                          .convs = {.n = n,
                                                    .pool = {pool ? 3 : 0, 2, 1},
                                                    .conv_name = "conv",
                                                    .norm_name = "bn",
                                                    .norm = GROUPS,
                                                    .activation = KERNELS_RELU},
                                          .wants_dx = wants_dx == 1};
                    for (int i = 0; i < n; i++)
                        o.conv[i] = (struct conv_spec){.width = widths[w][i],
                                                       .kernel = 3,
                                                       .stride = 1 + i % 2,
                                                       .padding = 1,
                                                       .groups = 1};
                    check(&o);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_basic_block_needs_no_more_gradient_than_it_says),
        cmocka_unit_test(a_bottleneck_needs_no_more_gradient_than_it_says),
        cmocka_unit_test(a_res2net_block_needs_no_more_gradient_than_it_says),
        cmocka_unit_test(convolutions_in_a_row_need_no_more_gradient_than_they_say),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
