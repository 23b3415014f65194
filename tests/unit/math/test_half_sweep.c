/* Halves beside base/half.h's, which knows numbers by their bits, at every level. */
#include "math/kernels.h"

#include "base/half.h"

#include "math/levels.h"

#include <string.h>

enum { HALVES = 0x10000, MOST = 100 };

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The rule of kernels.h, by cases. */
static uint16_t plain_half(float v, size_t *n_over)
{
    uint16_t sign = signbit(v) ? 0x8000 : 0, half = half_from_float(v);
    if (isnan(v))
        return half;
    if (fabsf(v) > 65504) {
        ++*n_over;
        return sign | 0x7BFF;
    }
    if (v != 0 && (half & 0x7FFF) == 0)
        return sign | 1;
    if (v < 6 && half == 0x4600)
        return 0x45FF;
    return half;
}

static void check_load(const struct kernels *k)
{
    uint16_t *half = calloc(HALVES, sizeof *half);
    float *value = close_floats(HALVES);
    assert_non_null(half);
    for (int i = 0; i < HALVES; i++)
        half[i] = (uint16_t)i;
    k->half_load(value, half, HALVES);
    for (int i = 0; i < HALVES; i++) {
        float want = half_to_float((uint16_t)i);
        if (isnan(want))
            assert_true(isnan(value[i]));
        else
            assert_memory_equal(&value[i], &want, sizeof want);
    }
    free(half);
    free(value);
}

static void check_store(const struct kernels *k, const float *value, size_t n)
{
    uint16_t *half = calloc(n, sizeof *half);
    size_t n_over = 0;
    assert_non_null(half);
    size_t got_over = k->half_store(half, value, n);
    for (size_t i = 0; i < n; i++) {
        uint16_t want = plain_half(value[i], &n_over);
        if (half[i] != want)
            fail_msg("%s: %a is %04x, not %04x", k->level, (double)value[i], half[i], want);
    }
    assert_int_equal(got_over, n_over);
    free(half);
}

/* Every half; beside each of them, and in the middle to the next, the floats around, by sign. */
static void check_round_trip(const struct kernels *k)
{
    enum { EACH = 8 };
    float *value = close_floats((size_t)EACH * HALVES);
    size_t n = 0;
    for (int i = 0; i < HALVES; i++) {
        float at = half_to_float((uint16_t)i);
        if (isnan(at) || isinf(at))
            continue;
        float next = half_to_float((uint16_t)(i + 1)), middle = at / 2 + next / 2;
        if (isinf(next))
            middle = at * (65520.0f / 65504.0f);
        value[n++] = at;
        value[n++] = nextafterf(at, INFINITY);
        value[n++] = nextafterf(at, -INFINITY);
        value[n++] = middle;
        value[n++] = nextafterf(middle, INFINITY);
        value[n++] = nextafterf(middle, -INFINITY);
    }
    check_store(k, value, n);
    free(value);
}

/* Floats of all exponents, subnormal ones too, and what is no number. */
static void check_any_bits(const struct kernels *k)
{
    enum { N = 200000 };
    float *value = close_floats(N);
    for (int i = 0; i < N; i++)
        value[i] = float_of((uint32_t)rng_below(&close_rng, (uint64_t)1 << 32));
    static const float edges[] = {
        0.0f,      -0.0f,    0x1p-149f,  -0x1p-149f, 0x1p-126f,   0x1p-25f,  0x1p-24f,
        -0x1p-25f, 6.0f,     5.9999995f, 5.998f,     -5.9999995f, 65504.0f,  65505.0f,
        65519.0f,  65520.0f, -65504.0f,  -3e38f,     INFINITY,    -INFINITY, NAN};
    memcpy(value, edges, sizeof edges);
    check_store(k, value, N);
    for (size_t n = 0; n <= 2 * 16 + 1; n++) /* parts of registers */
        check_store(k, value, n);
    free(value);
}

static void halves_are_those_of_the_plain_rule(void **state)
{
    (void)state;
    levels_each(check_load, 30);
    levels_each(check_round_trip, 30);
    levels_each(check_any_bits, 30);
}

static void check_tails(const struct kernels *k)
{
    for (size_t n = 0; n <= MOST; n++) {
        float value[MOST], back[MOST + 1];
        uint16_t half[MOST + 1];
        for (size_t i = 0; i < MOST; i++)
            value[i] = (float)i;
        memset(half, 0x55, sizeof half);
        memset(back, 0x55, sizeof back);
        k->half_store(half, value, n);
        k->half_load(back, half, n);
        if (n > 0)
            assert_memory_equal(back, value, n * sizeof *back);
        assert_int_equal(half[n], 0x5555);
        assert_memory_equal(&back[n], &(uint32_t){0x55555555}, sizeof *back);
    }
}

static void nothing_is_written_behind_the_last_number(void **state)
{
    (void)state;
    levels_each(check_tails, 31);
}

/* Of what a ReLU or ReLU6 gives, near its bounds above all: to the bit. */
static void check_masks(const struct kernels *k)
{
    enum { N = 50007 };
    float *y = close_floats(N), *g = close_normal(N), *masked = close_floats(N);
    uint16_t *half = calloc(N, sizeof *half);
    assert_non_null(half);
    for (int activation = KERNELS_NONE; activation <= KERNELS_RELU6; activation++) {
        float most = activation == KERNELS_RELU6 ? 6 : 1e6f;
        for (int i = 0; i < N; i++) {
            float tiny = ldexpf((float)rng_uniform(&close_rng), -(int)rng_below(&close_rng, 149));
            y[i] = i % 3 == 0 ? tiny : i % 3 == 1 ? 6 - tiny : (float)rng_normal(&close_rng);
            y[i] = y[i] < 0 ? 0 : y[i] > most ? most : y[i];
        }
        y[0] = NAN;
        memcpy(masked, g, N * sizeof *g);
        k->half_store(half, y, N);
        k->half_mask(masked, half, N, (enum kernels_activation)activation);
        float *want = close_floats(N);
        memcpy(want, g, N * sizeof *g);
        k->activation_backward(want, y, N, (enum kernels_activation)activation);
        assert_memory_equal(masked, want, N * sizeof *g);
        free(want);
    }
    free(y);
    free(g);
    free(masked);
    free(half);
}

static void halves_mask_what_their_floats_mask(void **state)
{
    (void)state;
    levels_each(check_masks, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_are_those_of_the_plain_rule),
        cmocka_unit_test(nothing_is_written_behind_the_last_number),
        cmocka_unit_test(halves_mask_what_their_floats_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
