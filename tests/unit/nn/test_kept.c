/* Activations that are kept as halves, of samples that are larger than a piece of work: stored,
 * read, masked, and a norm's backward from them. */
#include "nn/kept.h"

#include "nn/norm.h"

#include "nn/layer_fixture.h"
#include "nn/threads.h"

enum { SIDE = 300, CHANNELS = 2, SAMPLE = SIDE * SIDE * CHANNELS, BATCH = 3, ALL = BATCH * SAMPLE };
enum { UNTOUCHED = 0x7bcd };

static const int OUTER[] = {0, 2};
static const struct samples SOME = {OUTER, 2};

struct one {
    struct kept kept;
    struct norm norm;
    struct norm_spec spec;
    struct arena *scratch;
    atomic_ullong n_saturated;
};

static void build(void *layer, struct build *b)
{
    struct one *o = layer;
    o->scratch = b->scratch;
    b->keeps_halves = true;
    b->n_saturated = &o->n_saturated;
    kept_build(&o->kept, b, SAMPLE);
    norm_build(&o->norm, b, "bn", (struct tensor){{SIDE, SIDE, CHANNELS}, -1}, -1, &o->spec,
               KERNELS_RELU, 1, 0);
}

static void measure(void *layer, struct samples samples)
{
    struct one *o = layer;
    kept_read(&o->kept, samples, o->scratch);
    arena_release(o->scratch, 0);
    norm_forward(&o->norm, NULL, NULL, NULL, samples, MODEL_TRAIN);
    norm_backward_halves(&o->norm, NULL, NULL, NULL, o->kept.halves, samples);
}

static bool is_left_out(size_t i)
{
    return i / SAMPLE == 1;
}

static uint16_t *make_halves(const float *x)
{
    uint16_t *halves = malloc(ALL * sizeof *halves);
    assert_non_null(halves);
    kernels_get()->half_store(halves, x, ALL);
    return halves;
}

static void what_is_stored_is_read_again(void **state)
{
    static const int last[] = {1};
    struct one o = {.spec = {NORM_GROUP, 1, 1e-5, 0}};
    struct layer_fixture f;
    (void)state;
    close_seed(320);
    layer_fixture_create(&f, build, measure, &o, BATCH);
    float *x = close_normal_around(ALL, 3, 3), *want = close_floats(ALL);
    x[SAMPLE] = x[5] = 1e6F; /* in the sample that is left out, and in another one */
    x[ALL - 1] = -INFINITY;
    uint16_t *halves = make_halves(x);
    for (size_t i = 0; i < ALL; i++)
        o.kept.halves[i] = UNTOUCHED;
    kept_store(&o.kept, x, SOME, o.scratch);
    assert_int_equal(atomic_load(&o.n_saturated), 2);
    for (size_t i = 0; i < ALL; i++)
        assert_int_equal(o.kept.halves[i], is_left_out(i) ? UNTOUCHED : halves[i]);

    /* Counted from the second sample on. */
    const struct kept part = kept_from(&o.kept, 1, 2);
    const float *read = kept_read(&part, (struct samples){last, 1}, o.scratch);
    kernels_get()->half_load(want, halves, ALL);
    assert_memory_equal(read + SAMPLE, want + (size_t)2 * SAMPLE, SAMPLE * sizeof *read);
    arena_release(o.scratch, 0);
    free(halves);
    free(want);
    free(x);
    layer_fixture_destroy(&f);
}

static void a_gradient_is_masked_sample_by_sample(void **state)
{
    struct one o = {.spec = {NORM_GROUP, 1, 1e-5, 0}};
    struct layer_fixture f;
    (void)state;
    close_seed(321);
    layer_fixture_create(&f, build, measure, &o, BATCH);
    float *y = close_normal_around(ALL, 3, 3), *g = close_filled(ALL, 1);
    for (size_t i = 0; i < ALL; i++)
        y[i] = y[i] < 0 ? 0 : y[i] > 6 ? 6 : y[i];
    kept_store(&o.kept, y, SOME, o.scratch);
    assert_null(kept_mask(&o.kept, g, KERNELS_RELU6, SOME, o.scratch));
    for (size_t i = 0; i < ALL; i++)
        assert_true(g[i] == (is_left_out(i) || (y[i] > 0 && y[i] < 6) ? 1 : 0));
    free(y);
    free(g);
    layer_fixture_destroy(&f);
}

/* Of both norms, into an array of its own and in g's place: the bytes that the halves' floats give.
 */
static void a_norm_goes_backward_from_halves_as_from_their_floats(void **state)
{
    static const struct norm_spec SPEC[] = {{NORM_BATCH, 0, 1e-5, 0.1}, {NORM_GROUP, 1, 1e-5, 0}};
    (void)state;
    close_seed(322);
    for (int k = 0; k < 2; k++) {
        struct one o = {.spec = SPEC[k]};
        struct layer_fixture f;
        layer_fixture_create(&f, build, measure, &o, BATCH);
        float *z = close_normal(ALL), *y = close_floats(ALL), *dy = close_normal(ALL);
        float *g[3], *dz[2];
        uint16_t *halves = make_halves(z);
        kernels_get()->half_load(z, halves, ALL);
        norm_forward(&o.norm, y, z, NULL, SOME, MODEL_TRAIN);
        for (int i = 0; i < 3; i++) {
            g[i] = close_floats(ALL);
            memcpy(g[i], dy, ALL * sizeof *dy);
        }
        dz[0] = close_filled(ALL, 5);
        dz[1] = close_filled(ALL, 5);
        norm_backward(&o.norm, dz[0], g[0], y, z, SOME);
        float weight = o.norm.weight->grad[1];
        norm_backward_halves(&o.norm, dz[1], g[1], y, halves, SOME);
        assert_memory_equal(dz[0], dz[1], ALL * sizeof *dy);
        assert_memory_equal(g[0], g[1], ALL * sizeof *dy);
        assert_true(weight == o.norm.weight->grad[1]);
        norm_backward_halves(&o.norm, g[2], g[2], y, halves, SOME);
        for (size_t i = 0; i < ALL; i++)
            assert_true(g[2][i] == (is_left_out(i) ? dy[i] : dz[0][i]));
        float *all[] = {z, y, dy, g[0], g[1], g[2], dz[0], dz[1]};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            free(all[i]);
        free(halves);
        layer_fixture_destroy(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_read_again),
        cmocka_unit_test(a_gradient_is_masked_sample_by_sample),
        cmocka_unit_test(a_norm_goes_backward_from_halves_as_from_their_floats),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
