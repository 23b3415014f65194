/* A batch in windows: each sample comes once, in its window, counted from where that begins. And a
 * block that goes through them beside itself with one sample at a time. */
#include "nn/sample_windows.h"

#include "nn/block_chain.h"
#include "nn/block_kinds.h"

#include "nn/layer_fixture.h"
#include "nn/threads.h"

static void every_sample_comes_once_counted_from_its_window(void **state)
{
    static const int index[] = {0, 1, 4, 5, 11, 12};
    static const struct {
        size_t first;
        int n, index[3];
    } WANT[] = {{0, 2, {0, 1}}, {3, 2, {1, 2}}, {9, 1, {2}}, {12, 1, {0}}};
    (void)state;
    int place[3];
    unsigned char memory[256];
    struct arena scratch = {.block = memory, .peak = sizeof memory};
    struct sample_windows w = sample_windows_begin((struct samples){index, 6}, 3, &scratch);
    w.index = place;
    for (size_t i = 0; i < sizeof WANT / sizeof WANT[0]; i++) {
        assert_true(sample_windows_next(&w));
        assert_int_equal(w.first, WANT[i].first);
        assert_int_equal(w.samples.n, WANT[i].n);
        assert_memory_equal(w.samples.index, WANT[i].index, (size_t)WANT[i].n * sizeof(int));
    }
    assert_false(sample_windows_next(&w));
}

static void a_window_holds_a_sample_at_least_and_the_batch_at_most(void **state)
{
    (void)state;
    assert_int_equal(sample_windows_size(SIZE_MAX, 8), 1);
    assert_int_equal(sample_windows_size(0, 8), 8);
    assert_int_equal(sample_windows_size(1 << 20, 8), 4);
    assert_int_equal(sample_windows_size(1 << 20, 3), 3);
}

enum { BATCH = 5 };

/* A block so large that a window holds two of its samples, with frozen norms. */
struct one {
    struct tensor in;
    struct block_spec spec;
    const struct block_kind *kind;
    bool keeps_halves; /* of what lies inside the block */
    struct block_chain block;
    atomic_ullong n_saturated;
};

static void build(void *layer, struct build *b)
{
    struct one *o = layer;
    struct block *k = &o->block.block;
    *k = (struct block){.kind = o->kind, .name = "b", .in = o->in};
    b->freeze_batch_norm = true;
    b->keeps_halves = o->keeps_halves;
    b->n_saturated = &o->n_saturated;
    o->kind->build(k, b, o->in, &o->spec);
    b->keeps_halves = false;
    kept_build(&k->y, b, shape_floats(k->out.shape));
}

static void measure(void *layer, struct samples samples)
{
    struct one *o = layer;
    struct block *k = &o->block.block;
    float any[3] = {0};
    k->kind->forward(k, k->y.values, &any[2], samples, MODEL_TRAIN);
    k->kind->backward(k, &any[0], &any[1], &any[2], samples, true);
}

/* Backward of some samples: dx, and the gradients added to `sum`. */
static void add_backward(struct one *o, const struct build *b, float *dx, const float *g,
                         const float *x, struct samples samples, double *sum)
{
    struct block *k = &o->block.block;
    size_t in = shape_floats(k->in.shape), out = shape_floats(k->out.shape);
    float *buffer[2];
    for (int i = 0; i < 2; i++)
        buffer[i] =
            close_filled(BATCH * (k->gradient_floats[i] > 0 ? k->gradient_floats[i] : 1), NAN);
    memcpy(buffer[0], g, BATCH * out * sizeof *g);
    k->kind->backward(k, buffer[0], buffer[1], x, samples, true);
    for (int i = 0; i < samples.n; i++) {
        size_t at = (size_t)samples.index[i] * in;
        memcpy(dx + at, (k->returns_in_g ? buffer[0] : buffer[1]) + at, in * sizeof *dx);
    }
    size_t n = 0;
    for (int i = 0; i < b->n_params; i++)
        for (size_t j = 0; param_is_trained(&b->param[i]) && j < b->param[i].size; j++)
            sum[n++] += (double)b->param[i].grad[j];
    free(buffer[0]);
    free(buffer[1]);
}

static void check(struct one *o, int n, const int *index)
{
    struct layer_fixture f;
    struct samples some = {index, n};
    layer_fixture_create(&f, build, measure, o, BATCH);
    assert_in_range(o->block.window, 2, 4);
    struct block *k = &o->block.block;
    for (int i = 0; i < f.build.n_params; i++)
        for (size_t j = 0; f.build.param[i].kind == PARAM_BUFFER && j < f.build.param[i].size; j++)
            f.build.param[i].data[j] = 1 + f.build.param[i].data[j] * f.build.param[i].data[j];
    size_t in = shape_floats(k->in.shape), out = shape_floats(k->out.shape);
    size_t gradients = f.build.n_trained;
    float *x = close_normal(BATCH * in), *g = close_normal(BATCH * out), *dx[2], *y;
    double *sum[2];
    for (int i = 0; i < 2; i++) {
        dx[i] = close_filled(BATCH * in, 0);
        sum[i] = close_doubles(gradients);
    }
    y = close_floats(BATCH * out);
    k->kind->forward(k, k->y.values, x, some, MODEL_TRAIN);
    memcpy(y, k->y.values, BATCH * out * sizeof *y);
    add_backward(o, &f.build, dx[0], g, x, some, sum[0]);
    for (int i = 0; i < n; i++) {
        struct samples alone = {index + i, 1};
        size_t at = (size_t)index[i] * out;
        k->kind->forward(k, k->y.values, x, alone, MODEL_TRAIN);
        assert_memory_equal(k->y.values + at, y + at, out * sizeof *y);
        add_backward(o, &f.build, dx[1], g, x, alone, sum[1]);
    }
    assert_memory_equal(dx[0], dx[1], BATCH * in * sizeof **dx);
    float *got = close_floats(gradients);
    for (size_t i = 0; i < gradients; i++)
        got[i] = (float)sum[0][i];
    assert_close(got, sum[1], gradients, 2e-6);
    float *all[] = {x, g, y, dx[0], dx[1], got};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(sum[0]);
    free(sum[1]);
    layer_fixture_destroy(&f);
}

static void a_block_in_windows_is_the_sum_of_its_samples(void **state)
{
    static const int every[] = {0, 1, 2, 3, 4}, some[] = {1, 2, 4};
    (void)state;
    close_seed(310);
    struct one inverted = {.kind = &block_inverted,
                           .in = {{56, 56, 32}, -1},
                           .spec = {.width = 32,
                                    .stride = 1,
                                    .value = {3, 4},
                                    .norm = {NORM_BATCH, 0, 1e-3, 0.1},
                                    .activation = KERNELS_RELU6}};
    check(&inverted, 5, every);
    check(&inverted, 3, some);
    inverted.keeps_halves = true;
    check(&inverted, 3, some);
    /* A shortcut with an average pool, which keeps what it has pooled. */
    struct one bottleneck = {.kind = &block_bottleneck,
                             .in = {{96, 96, 128}, -1},
                             .spec = {.width = 64,
                                      .stride = 2,
                                      .is_first = true,
                                      .value = {0, 4, 1},
                                      .norm = {NORM_BATCH, 0, 1e-3, 0.1},
                                      .activation = KERNELS_RELU}};
    check(&bottleneck, 5, every);
    bottleneck.keeps_halves = true;
    check(&bottleneck, 5, every);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_comes_once_counted_from_its_window),
        cmocka_unit_test(a_window_holds_a_sample_at_least_and_the_batch_at_most),
        cmocka_unit_test(a_block_in_windows_is_the_sum_of_its_samples),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
