/* A convolution with a norm behind it beside the two by themselves: bit for bit. */
#include "nn/conv_norm.h"

#include "nn/layer_fixture.h"
#include "nn/threads.h"

enum { HEIGHT = 9, WIDTH = 11, BATCH = 3, PIXELS = BATCH * HEIGHT * WIDTH };
#define BETWEEN 77.5f

static const int every[BATCH] = {0, 1, 2};
static const struct samples EVERY = {every, BATCH};

enum residual { NONE, OTHER, IN_PLACE };

struct one {
    int in_c, out_c, kernel, groups, out_pitch;
    enum norm_kind kind;
    enum kernels_activation activation;
    enum residual residual;
    enum model_mode mode;
    bool kept, frozen;
    struct norm_spec norm;
    struct conv_norm unit;
};

static float *residual_of(const struct one *o, float *y, float *other)
{
    return o->residual == NONE ? NULL : o->residual == OTHER ? other : y;
}

static void build(void *layer, struct build *b)
{
    struct one *o = layer;
    b->training = o->kept;
    b->freeze_batch_norm = o->frozen;
    o->norm = (struct norm_spec){o->kind, 2, 1e-5, 0.1};
    conv_norm_build(&o->unit, b, "conv", "norm", (struct tensor){{HEIGHT, WIDTH, o->in_c}, -1},
                    o->residual == NONE ? -1 : 0,
                    &(struct conv_norm_spec){.conv = {.width = o->out_c,
                                                      .kernel = o->kernel,
                                                      .stride = 1,
                                                      .padding = o->kernel / 2,
                                                      .groups = o->groups},
                                             .norm = &o->norm,
                                             .activation = o->activation,
                                             .out_pitch = o->out_pitch});
}

/* As a model measures: in the mode that it is built for, with the residual where it will be. */
static void measure(void *layer, struct samples samples)
{
    struct one *o = layer;
    float y, other;
    conv_norm_forward(&o->unit, &y, NULL, residual_of(o, &y, &other), samples,
                      o->kept ? MODEL_TRAIN : MODEL_EVAL);
    norm_forward(&o->unit.norm, &y, &y, NULL, samples, o->mode); /* by itself: compare() */
    if (o->kept)
        conv_norm_backward(&o->unit, &y, &y, &y, &y, samples, false);
}

static float *widened(const float *plain, int channels, int pitch)
{
    float *wide = close_filled((size_t)PIXELS * (size_t)pitch, BETWEEN);
    for (size_t p = 0; p < PIXELS; p++)
        memcpy(wide + p * (size_t)pitch, plain + p * (size_t)channels,
               (size_t)channels * sizeof *wide);
    return wide;
}

/* Forward, and, where it is to follow, backward: by the unit, and by its two layers. */
static void compare(struct one o, enum conv2d_choice choice)
{
    struct layer_fixture f;
    layer_fixture_create_with(&f, build, measure, &o, BATCH, choice);
    struct conv_norm *u = &o.unit;
    for (int c = 0; o.kind == NORM_BATCH && c < o.out_c; c++)
        u->norm.running_var->data[c] *= u->norm.running_var->data[c];
    int pitch = o.out_pitch > 0 ? o.out_pitch : o.out_c;
    size_t in = (size_t)PIXELS * (size_t)o.in_c, out = (size_t)PIXELS * (size_t)o.out_c,
           wide = (size_t)PIXELS * (size_t)pitch;
    float *x = close_normal(in), *z = close_floats(out), *plain = close_normal(out);
    float *y[2], *other = widened(plain, o.out_c, pitch), *g[2], *dz = close_floats(out);
    for (int i = 0; i < 2; i++) {
        y[i] = widened(plain, o.out_c, pitch);
        g[i] = close_filled(wide, 0.5f);
    }
    conv2d_forward(&u->conv, z, x, EVERY);
    norm_forward(&u->norm, y[0], z, residual_of(&o, y[0], other), EVERY, o.mode);
    if (o.kept && o.mode == MODEL_TRAIN && !o.frozen)
        norm_backward(&u->norm, dz, g[0], y[0], z, EVERY);
    for (size_t i = 0; i < (size_t)(BATCH * o.out_c); i++)
        u->norm.mean[i] = u->norm.rstd[i] = NAN;

    conv_norm_forward(u, y[1], x, residual_of(&o, y[1], other), EVERY, o.mode);
    assert_memory_equal(y[1], y[0], wide * sizeof **y);
    if (o.kept && o.mode == MODEL_TRAIN && !o.frozen) {
        float *dx = close_floats(in), *want = close_floats(in);
        conv2d_backward_data(&u->conv, want, dz, EVERY, false);
        conv_norm_backward(u, dx, g[1], y[1], x, EVERY, false);
        assert_memory_equal(dx, want, in * sizeof *dx);
        assert_true(kept_is_empty(&u->z) == (o.kind == NORM_NONE));
        if (u->z.values)
            assert_memory_equal(u->z.values, dz, out * sizeof *dz);
        assert_memory_equal(g[1], g[0], wide * sizeof **g);
        free(want);
        free(dx);
    }
    float *all[] = {x, z, plain, other, dz, y[0], y[1], g[0], g[1]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    layer_fixture_destroy(&f);
}

static void compare_residuals(struct one o, enum conv2d_choice choice)
{
    for (int residual = NONE; residual <= IN_PLACE; residual++)
        for (int activation = KERNELS_NONE; activation <= KERNELS_RELU6; activation++)
            for (int gap = 0; gap < 2; gap++) {
                o.residual = (enum residual)residual;
                o.activation = (enum kernels_activation)activation;
                o.out_pitch = gap ? o.out_c + 7 : 0;
                compare(o, choice);
            }
}

/* Kept or not, in training (with the running statistics or without) and in evaluation. */
static void compare_modes(struct one o, enum conv2d_choice choice)
{
    static const struct {
        enum norm_kind kind;
        bool kept, frozen;
        enum model_mode mode;
    } CASES[] = {
        {NORM_BATCH, false, false, MODEL_EVAL}, {NORM_BATCH, true, false, MODEL_EVAL},
        {NORM_BATCH, true, true, MODEL_TRAIN},  {NORM_BATCH, true, false, MODEL_TRAIN},
        {NORM_NONE, true, false, MODEL_TRAIN},  {NORM_NONE, false, false, MODEL_EVAL},
        {NORM_GROUP, true, false, MODEL_TRAIN}, {NORM_GROUP, false, false, MODEL_EVAL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        o.kind = CASES[i].kind;
        o.kept = CASES[i].kept;
        o.frozen = CASES[i].frozen;
        o.mode = CASES[i].mode;
        compare_residuals(o, choice);
    }
}

static void a_norm_behind_a_convolution_has_the_bits_of_both_by_themselves(void **state)
{
    (void)state;
    close_seed(70);
    for (int choice = CONV2D_AUTO; choice <= CONV2D_ALL_DIRECT; choice++) {
        compare_modes((struct one){.in_c = 5, .out_c = 26, .kernel = 1, .groups = 1},
                      (enum conv2d_choice)choice);
        compare_modes((struct one){.in_c = 32, .out_c = 48, .kernel = 3, .groups = 1},
                      (enum conv2d_choice)choice);
    }
    compare_modes((struct one){.in_c = 26, .out_c = 26, .kernel = 3, .groups = 26}, CONV2D_AUTO);
}

/* ---- backward with frozen statistics, which keeps no z ---- */

/* dL/dz and the norm's gradients in double, from the z that the convolution gives. */
struct twin {
    float *dz; /* [PIXELS, out] */
    double *weight, *bias;
};

static struct twin backward_in_double(const struct conv_norm *u, const float *g, const float *y,
                                      const float *z, int pitch, enum kernels_activation activation)
{
    int channels = u->norm.channels;
    struct twin t = {close_floats((size_t)PIXELS * (size_t)channels),
                     close_doubles((size_t)channels), close_doubles((size_t)channels)};
    for (int p = 0; p < PIXELS; p++)
        for (int c = 0; c < channels; c++) {
            size_t at = (size_t)p * (size_t)channels + (size_t)c,
                   wide = (size_t)p * (size_t)pitch + (size_t)c;
            bool passes = activation == KERNELS_NONE ||
                          (y[wide] > 0 && (activation == KERNELS_RELU || y[wide] < 6));
            double m = passes ? (double)g[wide] : 0;
            double rstd = 1 / sqrt((double)u->norm.running_var->data[c] + u->norm.spec.epsilon);
            t.dz[at] = (float)(m * rstd * (double)u->norm.weight->data[c]);
            t.bias[c] += m;
            t.weight[c] += m * ((double)z[at] - (double)u->norm.running_mean->data[c]) * rstd;
        }
    return t;
}

/* in_place: dx is written over g, as between two units of a block. */
static void compare_frozen(struct one o, enum conv2d_choice choice, bool in_place)
{
    struct layer_fixture f;
    layer_fixture_create_with(&f, build, measure, &o, BATCH, choice);
    struct conv_norm *u = &o.unit;
    assert_true(kept_is_empty(&u->z));
    for (int c = 0; c < o.out_c; c++)
        u->norm.running_var->data[c] *= u->norm.running_var->data[c];
    u->norm.weight->data[1] = 0; /* a branch that begins as nothing learns all the same */
    int pitch = o.out_pitch > 0 ? o.out_pitch : o.out_c;
    size_t in = (size_t)PIXELS * (size_t)o.in_c, out = (size_t)PIXELS * (size_t)o.out_c,
           wide = (size_t)PIXELS * (size_t)pitch, larger = in > wide ? in : wide,
           filter = u->conv.weight->size;
    float *x = close_normal(in), *z = close_floats(out), *y = close_filled(wide, BETWEEN);
    float *g = close_normal(larger), *dx = in_place ? g : close_floats(in),
          *want = close_floats(in);
    float *before = close_floats(wide);
    memcpy(before, g, wide * sizeof *g);

    conv2d_forward(&u->conv, z, x, EVERY);
    conv_norm_forward(u, y, x, NULL, EVERY, MODEL_TRAIN);
    struct twin t = backward_in_double(u, g, y, z, pitch, o.activation);
    conv2d_backward_weights(&u->conv, x, t.dz, EVERY);
    double *want_filter = close_to_double(u->conv.weight->grad, filter);
    conv2d_backward_data(&u->conv, want, t.dz, EVERY, false);
    double *want_dx = close_to_double(want, in);

    conv_norm_backward(u, dx, g, y, x, EVERY, false);
    assert_close(u->conv.weight->grad, want_filter, filter, 3e-6);
    /* a sum of 288 terms, each a rounded sum */
    assert_close(u->norm.weight->grad, t.weight, (size_t)o.out_c, 1e-5);
    assert_close(u->norm.bias->grad, t.bias, (size_t)o.out_c, 1e-6);
    assert_close(dx, want_dx, in, 3e-6);
    for (size_t i = 0; o.residual != NONE && !in_place && i < wide; i++)
        if ((int)(i % (size_t)pitch) < o.out_c) {
            bool passes = o.activation == KERNELS_NONE ||
                          (y[i] > 0 && (o.activation == KERNELS_RELU || y[i] < 6));
            assert_true(g[i] == (passes ? before[i] : 0));
        }
    if (!in_place)
        free(dx);
    float *all[] = {x, z, y, g, want, before, t.dz};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    double *twins[] = {t.weight, t.bias, want_filter, want_dx};
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        free(twins[i]);
    layer_fixture_destroy(&f);
}

static void a_frozen_norm_has_the_gradients_of_its_formulas_without_a_kept_output(void **state)
{
    static const struct one SHAPES[] = {
        {.in_c = 5, .out_c = 26, .kernel = 1, .groups = 1},
        {.in_c = 32, .out_c = 48, .kernel = 3, .groups = 1},
        {.in_c = 26, .out_c = 26, .kernel = 3, .groups = 26},
    };
    (void)state;
    close_seed(71);
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++)
        for (int choice = CONV2D_AUTO; choice <= CONV2D_ALL_DIRECT; choice++)
            for (int activation = KERNELS_NONE; activation <= KERNELS_RELU6; activation++)
                for (int variant = 0; variant < 8; variant++) {
                    struct one o = SHAPES[i];
                    if (o.groups > 1 && choice != CONV2D_AUTO)
                        continue;
                    o.kind = NORM_BATCH;
                    o.kept = o.frozen = true;
                    o.mode = MODEL_TRAIN;
                    o.activation = (enum kernels_activation)activation;
                    o.out_pitch = variant & 1 ? o.out_c + 7 : 0;
                    o.residual = variant & 2 ? OTHER : NONE;
                    compare_frozen(o, (enum conv2d_choice)choice, variant & 4);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_norm_behind_a_convolution_has_the_bits_of_both_by_themselves),
        cmocka_unit_test(a_frozen_norm_has_the_gradients_of_its_formulas_without_a_kept_output),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
