/* The normalisations with residual and activation: forward beside the twin, gradients beside finite
 * differences of the twin, running statistics by hand. */
#include "nn/norm_frozen.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"

enum { CHANNELS = 20, HEIGHT = 3, WIDTH = 5, PIXELS = HEIGHT * WIDTH, BATCH = 4 };
enum { SAMPLE = PIXELS * CHANNELS, ALL = BATCH * SAMPLE };

static const int every[BATCH] = {0, 1, 2, 3};
static const struct samples EVERY = {every, BATCH};

struct one_norm {
    struct norm_spec spec;
    enum kernels_activation activation;
    int out_pitch;
    struct norm norm;
};

static void build(void *layer, struct build *b)
{
    struct one_norm *o = layer;
    norm_build(&o->norm, b, "bn", (struct tensor){{HEIGHT, WIDTH, CHANNELS}, -1}, -1, &o->spec,
               o->activation, 1, o->out_pitch);
}

static void measure(void *layer, struct samples samples)
{
    struct one_norm *o = layer;
    norm_forward(&o->norm, NULL, NULL, NULL, samples, MODEL_TRAIN);
    norm_backward(&o->norm, NULL, NULL, NULL, NULL, samples);
}

static void create(struct layer_fixture *f, struct one_norm *o)
{
    layer_fixture_create(f, build, measure, o, BATCH);
}

static const struct one_norm KINDS[] = {
    {.spec = {.kind = NORM_NONE}, .activation = KERNELS_RELU},
    {.spec = {NORM_BATCH, 0, 1e-5, 0.1}, .activation = KERNELS_RELU},
    {.spec = {NORM_GROUP, 4, 1e-5, 0}, .activation = KERNELS_RELU},
    {.spec = {NORM_GROUP, 1, 1e-5, 0}, .activation = KERNELS_RELU},
    {.spec = {NORM_GROUP, CHANNELS, 1e-5, 0}, .activation = KERNELS_RELU},
    {.spec = {NORM_BATCH, 0, 0.5, 0.1}, .activation = KERNELS_RELU},
    {.spec = {NORM_GROUP, 4, 0.5, 0}, .activation = KERNELS_RELU},
};
#define N_KINDS (sizeof KINDS / sizeof KINDS[0])

/* The twin: sum(dy * activation(norm(z) + residual)). */
struct twin {
    const struct one_norm *o;
    double *z, *residual, *weight, *bias, *dy, *y;
};

static void run_twin(struct twin *t)
{
    memcpy(t->y, t->z, ALL * sizeof *t->y);
    reference_norm(t->y, t->weight, t->bias, &t->o->spec, BATCH, PIXELS, CHANNELS);
    for (int i = 0; t->residual && i < ALL; i++)
        t->y[i] += t->residual[i];
    reference_activation(t->y, ALL, t->o->activation);
}

static double twin_sum(void *context)
{
    struct twin *t = context;
    run_twin(t);
    return reference_dot(t->y, t->dy, ALL);
}

static void free_twin(struct twin *t)
{
    free(t->z);
    free(t->residual);
    free(t->weight);
    free(t->bias);
    free(t->dy);
    free(t->y);
}

/* float32 through two sweeps: some units of 6e-8; a difference quotient adds 1e-9. */
#define TOLERANCE 3e-6

static void compare(struct one_norm o, bool residual, enum kernels_activation activation)
{
    struct layer_fixture f;
    o.activation = activation;
    create(&f, &o);
    struct norm *n = &o.norm;
    float *z = close_normal_around(ALL, 1, 2), *r = close_normal(ALL), *g = close_normal(ALL);
    float *y = close_filled(ALL, NAN), *dz = close_filled(ALL, NAN);
    struct twin t = {.o = &o,
                     .z = close_to_double(z, ALL),
                     .residual = residual ? close_to_double(r, ALL) : NULL,
                     .dy = close_to_double(g, ALL),
                     .y = close_doubles(ALL)};
    if (n->weight) {
        t.weight = close_to_double(n->weight->data, CHANNELS);
        t.bias = close_to_double(n->bias->data, CHANNELS);
    }
    double *slope = close_doubles(ALL);

    norm_forward(n, y, z, residual ? r : NULL, EVERY, MODEL_TRAIN);
    run_twin(&t);
    assert_close(y, t.y, ALL, TOLERANCE);

    norm_backward(n, dz, g, y, z, EVERY);
    reference_slopes(slope, twin_sum, &t, t.z, ALL);
    assert_close(dz, slope, ALL, TOLERANCE);
    if (n->weight) {
        reference_slopes(slope, twin_sum, &t, t.weight, CHANNELS);
        assert_close(n->weight->grad, slope, CHANNELS, TOLERANCE);
        reference_slopes(slope, twin_sum, &t, t.bias, CHANNELS);
        assert_close(n->bias->grad, slope, CHANNELS, TOLERANCE);
    }
    if (residual) { /* g is the residual's gradient now */
        reference_slopes(slope, twin_sum, &t, t.residual, ALL);
        assert_close(g, slope, ALL, TOLERANCE);
    }
    free(z);
    free(r);
    free(g);
    free(y);
    free(dz);
    free(slope);
    free_twin(&t);
    layer_fixture_destroy(&f);
}

static void output_and_gradients_are_those_of_the_twin_and_its_finite_differences(void **state)
{
    (void)state;
    close_seed(50);
    for (size_t i = 0; i < N_KINDS; i++)
        for (int activation = KERNELS_NONE; activation <= KERNELS_RELU6; activation++) {
            compare(KINDS[i], false, (enum kernels_activation)activation);
            compare(KINDS[i], true, (enum kernels_activation)activation);
        }
}

static void an_output_that_is_recomputed_has_the_bytes_of_forward(void **state)
{
    static const int some[] = {1, 3};
    (void)state;
    close_seed(54);
    for (size_t i = 0; i < N_KINDS; i++)
        for (int activation = KERNELS_NONE; activation <= KERNELS_RELU6; activation++) {
            struct one_norm o = KINDS[i];
            struct layer_fixture f;
            o.activation = (enum kernels_activation)activation;
            if (o.spec.kind == NORM_NONE)
                continue;
            create(&f, &o);
            float *z = close_normal_around(ALL, 1, 2), *y = close_floats(ALL);
            float *back = close_filled(ALL, 77);
            norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_TRAIN);
            norm_recompute(&o.norm, back, z, (struct samples){some, 2});
            for (int j = 0; j < BATCH; j++)
                for (int v = j * SAMPLE; v < (j + 1) * SAMPLE; v++)
                    assert_true(back[v] == (j % 2 ? y[v] : 77));
            norm_recompute(&o.norm, back, z, EVERY);
            assert_memory_equal(back, y, ALL * sizeof *y);
            free(z);
            free(y);
            free(back);
            layer_fixture_destroy(&f);
        }
}

/* NULL in place of the activation's output: g is the gradient before the activation already. */
static void a_gradient_masked_before_gives_the_same_bytes(void **state)
{
    (void)state;
    close_seed(55);
    for (size_t i = 0; i < N_KINDS; i++) {
        struct one_norm o = KINDS[i];
        struct layer_fixture f;
        create(&f, &o);
        float *z = close_normal(ALL), *g = close_normal(ALL), *masked = close_floats(ALL);
        float *y = close_floats(ALL), *dz = close_floats(ALL), *dz2 = close_floats(ALL);
        norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_TRAIN);
        for (int j = 0; j < ALL; j++)
            masked[j] = y[j] > 0 ? g[j] : 0;
        norm_backward(&o.norm, dz, g, y, z, EVERY);
        assert_memory_equal(g, masked, ALL * sizeof *g);
        norm_backward(&o.norm, dz2, masked, NULL, z, EVERY);
        assert_memory_equal(dz2, dz, ALL * sizeof *dz);
        assert_memory_equal(g, masked, ALL * sizeof *g);
        free(z);
        free(g);
        free(masked);
        free(y);
        free(dz);
        free(dz2);
        layer_fixture_destroy(&f);
    }
}

static void residual_and_gradient_may_be_in_place(void **state)
{
    (void)state;
    close_seed(51);
    for (size_t i = 0; i < N_KINDS; i++) {
        struct one_norm o = KINDS[i];
        struct layer_fixture f;
        create(&f, &o);
        float *z = close_normal(ALL), *r = close_normal(ALL), *g = close_normal(ALL);
        float *y = close_floats(ALL), *dz = close_floats(ALL), *g2 = close_floats(ALL);
        memcpy(g2, g, ALL * sizeof *g);
        norm_forward(&o.norm, y, z, r, EVERY, MODEL_TRAIN);
        norm_forward(&o.norm, r, z, r, EVERY, MODEL_TRAIN);
        assert_memory_equal(r, y, ALL * sizeof *y);
        norm_backward(&o.norm, dz, g, y, z, EVERY);
        norm_backward(&o.norm, z, g2, y, z, EVERY);
        assert_memory_equal(z, dz, ALL * sizeof *z);
        free(z);
        free(r);
        free(g);
        free(y);
        free(dz);
        free(g2);
        layer_fixture_destroy(&f);
    }
}

/* y, dy and residual in slices of a wider tensor; z and dz have no gaps. Then the frozen norm, with
 * the masked gradient in dz's place. */
static void compare_with_slice(struct one_norm o, int pitch, bool frozen)
{
    static const float gap = 77.5f;
    struct layer_fixture f[2];
    float *z = close_normal(ALL), *r = close_normal(ALL), *g = close_normal(ALL);
    float *y[2], *dy[2], *add[2], *dz[2], *gradient[2];
    size_t wide = (size_t)BATCH * PIXELS * (size_t)pitch;
    for (int i = 0; i < 2; i++) {
        struct one_norm one = o;
        size_t n = i ? wide : ALL, step = i ? (size_t)pitch : CHANNELS;
        one.out_pitch = i ? pitch : 0;
        close_seed(57);
        create(&f[i], &one);
        one.norm.frozen = frozen;
        for (int c = 0; frozen && c < CHANNELS; c++) /* a variance */
            one.norm.running_var->data[c] *= one.norm.running_var->data[c];
        y[i] = close_filled(n, gap);
        dy[i] = close_filled(n, gap);
        add[i] = close_filled(n, NAN);
        dz[i] = close_floats(ALL);
        gradient[i] = close_filled(2 * CHANNELS, 0);
        for (size_t p = 0; p < BATCH * PIXELS; p++) {
            memcpy(dy[i] + p * step, g + p * CHANNELS, CHANNELS * sizeof *g);
            memcpy(add[i] + p * step, r + p * CHANNELS, CHANNELS * sizeof *r);
        }
        norm_forward(&one.norm, y[i], z, add[i], EVERY, MODEL_TRAIN);
        if (frozen)
            norm_frozen_mask(&one.norm, dz[i], dy[i], y[i], EVERY);
        else
            norm_backward(&one.norm, dz[i], dy[i], y[i], z, EVERY);
        if (one.norm.weight) {
            if (!frozen)
                memcpy(gradient[i], one.norm.weight->grad, CHANNELS * sizeof **gradient);
            memcpy(gradient[i] + CHANNELS, one.norm.bias->grad, CHANNELS * sizeof **gradient);
        }
    }
    assert_memory_equal(dz[1], dz[0], ALL * sizeof **dz);
    assert_memory_equal(gradient[1], gradient[0], 2 * CHANNELS * sizeof **gradient);
    for (size_t p = 0; p < BATCH * PIXELS; p++)
        for (int c = 0; c < pitch; c++) {
            size_t at = p * (size_t)pitch + (size_t)c, plain = p * CHANNELS + (size_t)c;
            assert_true(y[1][at] == (c < CHANNELS ? y[0][plain] : gap));
            assert_true(dy[1][at] == (c < CHANNELS ? dy[0][plain] : gap));
        }
    for (int i = 0; i < 2; i++) {
        float *all[] = {y[i], dy[i], add[i], dz[i], gradient[i]};
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++)
            free(all[j]);
        layer_fixture_destroy(&f[i]);
    }
    free(z);
    free(r);
    free(g);
}

static void a_slice_of_a_wider_tensor_has_the_bytes_of_a_tensor_of_its_own(void **state)
{
    (void)state;
    close_seed(56);
    for (size_t i = 0; i < N_KINDS; i++)
        for (int pitch = CHANNELS + 1; pitch <= 4 * CHANNELS; pitch += 59) {
            compare_with_slice(KINDS[i], pitch, false);
            if (KINDS[i].spec.kind == NORM_BATCH)
                compare_with_slice(KINDS[i], pitch, true);
        }
}

static void group_norm_neither_reads_nor_writes_samples_left_out(void **state)
{
    (void)state;
    close_seed(52);
    struct one_norm o = KINDS[2];
    struct layer_fixture f;
    create(&f, &o);
    float *z = close_normal(ALL), *g = close_normal(ALL), *y = close_filled(ALL, 7);
    float *dz = close_filled(ALL, 7), *full = close_floats(ALL), *full_dz = close_floats(ALL);
    norm_forward(&o.norm, full, z, NULL, EVERY, MODEL_TRAIN);
    float *masked = close_floats(ALL);
    memcpy(masked, g, ALL * sizeof *g);
    norm_backward(&o.norm, full_dz, masked, full, z, EVERY);
    for (int i = 0; i < SAMPLE; i++)
        z[SAMPLE + i] = g[SAMPLE + i] = NAN;
    const int index[] = {0, 2, 3};
    const struct samples some = {index, 3};
    norm_forward(&o.norm, y, z, NULL, some, MODEL_TRAIN);
    norm_backward(&o.norm, dz, g, y, z, some);
    for (int i = 0; i < ALL; i++) {
        bool visited = i / SAMPLE != 1;
        assert_true(y[i] == (visited ? full[i] : 7));
        assert_true(dz[i] == (visited ? full_dz[i] : 7));
    }
    for (int c = 0; c < CHANNELS; c++)
        assert_false(isnan(o.norm.weight->grad[c]) || isnan(o.norm.bias->grad[c]));
    free(z);
    free(g);
    free(y);
    free(dz);
    free(full);
    free(full_dz);
    free(masked);
    layer_fixture_destroy(&f);
}

static void check_running_statistics(double momentum)
{
    close_seed(53);
    struct one_norm o = KINDS[1];
    struct layer_fixture f;
    o.activation = KERNELS_NONE;
    o.spec.momentum = momentum;
    create(&f, &o);
    double mean[CHANNELS], variance[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        o.norm.running_mean->data[c] = 0;
        o.norm.running_var->data[c] = 1;
        mean[c] = 0;
        variance[c] = 1;
    }
    float *y = close_floats(ALL);
    for (int step = 1; step <= 3; step++) {
        float *z = close_normal_around(ALL, step, 3);
        norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_TRAIN);
        for (int c = 0; c < CHANNELS; c++) {
            double sum = 0, square = 0, n = BATCH * PIXELS;
            for (int i = c; i < ALL; i += CHANNELS)
                sum += z[i];
            for (int i = c; i < ALL; i += CHANNELS)
                square += pow(z[i] - sum / n, 2);
            mean[c] = (1 - momentum) * mean[c] + momentum * sum / n;
            variance[c] = (1 - momentum) * variance[c] + momentum * square / (n - 1);
        }
        assert_close(o.norm.running_mean->data, mean, CHANNELS, 1e-6);
        assert_close(o.norm.running_var->data, variance, CHANNELS, 1e-6);
        assert_int_equal(o.norm.batches->counter, step);
        free(z);
    }

    /* In evaluation they are used and stay as they are. */
    float *z = close_normal(ALL), before[2][CHANNELS];
    memcpy(before[0], o.norm.running_mean->data, sizeof before[0]);
    memcpy(before[1], o.norm.running_var->data, sizeof before[1]);
    norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_EVAL);
    double *want = close_doubles(ALL);
    for (int i = 0; i < ALL; i++) {
        int c = i % CHANNELS;
        want[i] = (z[i] - mean[c]) / sqrt(variance[c] + 1e-5) * o.norm.weight->data[c] +
                  o.norm.bias->data[c];
    }
    assert_close(y, want, ALL, TOLERANCE);
    assert_memory_equal(before[0], o.norm.running_mean->data, sizeof before[0]);
    assert_memory_equal(before[1], o.norm.running_var->data, sizeof before[1]);
    assert_int_equal(o.norm.batches->counter, 3);
    free(y);
    free(z);
    free(want);
    layer_fixture_destroy(&f);
}

static void measured_statistics_become_the_running_ones_and_what_is_computed_stays(void **state)
{
    (void)state;
    struct one_norm o = KINDS[1];
    struct layer_fixture f;
    create(&f, &o);
    float *z = close_normal(ALL), *y = close_floats(ALL);
    double *want = close_doubles(ALL), mean[CHANNELS], variance[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        double n = BATCH * PIXELS, sum = 0, square = 0;
        for (int i = c; i < ALL; i += CHANNELS)
            sum += z[i] = z[i] * (float)(c + 1) + (float)c;
        for (int i = c; i < ALL; i += CHANNELS)
            square += pow(z[i] - sum / n, 2);
        mean[c] = sum / n;
        variance[c] = square / n;
        o.norm.weight->data[c] = 0.5f + (float)c;
        o.norm.bias->data[c] = (float)-c;
        o.norm.running_mean->data[c] = 0.5f;
        o.norm.running_var->data[c] = 2;
        o.norm.weight->grad[c] = o.norm.bias->grad[c] = 1e9f; /* of whatever was before */
    }
    norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_EVAL);
    for (int i = 0; i < ALL; i++)
        want[i] = y[i];

    /* In parts of unlike size. */
    norm_forward(&o.norm, y, z, NULL, (struct samples){every, 3}, MODEL_MEASURE);
    norm_forward(&o.norm, y, z, NULL, (struct samples){every + 3, 1}, MODEL_MEASURE_END);
    assert_close(y, want, ALL, TOLERANCE);
    assert_close(o.norm.running_mean->data, mean, CHANNELS, 1e-5);
    assert_close(o.norm.running_var->data, variance, CHANNELS, 1e-5);
    norm_forward(&o.norm, y, z, NULL, EVERY, MODEL_EVAL);
    assert_close(y, want, ALL, TOLERANCE);

    /* A frozen one stays as it is. */
    o.norm.frozen = true;
    norm_forward(&o.norm, y, z, NULL, (struct samples){every, 1}, MODEL_MEASURE_END);
    assert_close(o.norm.running_mean->data, mean, CHANNELS, 1e-5);
    free(want);
    free(y);
    free(z);
    layer_fixture_destroy(&f);
}

static void running_statistics_move_by_momentum_towards_mean_and_unbiased_variance(void **state)
{
    (void)state;
    check_running_statistics(0.1);
    check_running_statistics(0.01);
}

/* 300 x 300 pixels of 2 channels are several pieces; the mean is a thousand deviations. */
enum { SIDE = 300 };

static void build_large(void *layer, struct build *b)
{
    struct one_norm *o = layer;
    norm_build(&o->norm, b, "bn", (struct tensor){{SIDE, SIDE, 2}, -1}, -1, &o->spec, o->activation,
               1, 0);
}

static void pieces_of_large_images_are_put_together_without_losing_the_variance(void **state)
{
    (void)state;
    close_seed(54);
    const enum norm_kind kinds[] = {NORM_BATCH, NORM_GROUP};
    for (int k = 0; k < 2; k++) {
        struct one_norm o = {.spec = {kinds[k], 1, 1e-5, 0.1}};
        struct layer_fixture f;
        layer_fixture_create(&f, build_large, measure, &o, 2);
        size_t n = 2 * SIDE * SIDE * 2;
        float *z = close_normal_around(n, 100, 0.1), *y = close_floats(n);
        double *want = close_to_double(z, n), weight[2], bias[2];
        for (int c = 0; c < 2; c++) {
            weight[c] = o.norm.weight->data[c];
            bias[c] = o.norm.bias->data[c];
        }
        const struct samples both = {every, 2};
        norm_forward(&o.norm, y, z, NULL, both, MODEL_TRAIN);
        reference_norm(want, weight, bias, &o.spec, 2, SIDE * SIDE, 2);
        /* scale * z and shift are a thousand times the result: 1000 * 6e-8 */
        assert_close(y, want, n, 1e-4);
        free(z);
        free(y);
        free(want);
        layer_fixture_destroy(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_gradients_are_those_of_the_twin_and_its_finite_differences),
        cmocka_unit_test(an_output_that_is_recomputed_has_the_bytes_of_forward),
        cmocka_unit_test(a_gradient_masked_before_gives_the_same_bytes),
        cmocka_unit_test(residual_and_gradient_may_be_in_place),
        cmocka_unit_test(a_slice_of_a_wider_tensor_has_the_bytes_of_a_tensor_of_its_own),
        cmocka_unit_test(group_norm_neither_reads_nor_writes_samples_left_out),
        cmocka_unit_test(measured_statistics_become_the_running_ones_and_what_is_computed_stays),
        cmocka_unit_test(running_statistics_move_by_momentum_towards_mean_and_unbiased_variance),
        cmocka_unit_test(pieces_of_large_images_are_put_together_without_losing_the_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
