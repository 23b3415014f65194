/* The fixed values were computed in Python from the published descriptions of splitmix64 and
 * xoshiro256**; state 1,2,3,4 giving 11520, 0, 1509978240 is known from other implementations. */
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void the_generator_is_xoshiro256_starstar(void **state)
{
    (void)state;
    struct rng rng = {.s = {1, 2, 3, 4}};
    assert_int_equal(rng_next(&rng), 11520);
    assert_int_equal(rng_next(&rng), 0);
    assert_int_equal(rng_next(&rng), 1509978240);
    assert_int_equal(rng_next(&rng), UINT64_C(1215971899390074240));
    assert_int_equal(rng_next(&rng), UINT64_C(1216172134540287360));
    assert_int_equal(rng_next(&rng), UINT64_C(607988272756665600));
}

static void a_seed_gives_the_same_stream_for_ever(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 42, RNG_SHUFFLE, 7, 0);
    assert_int_equal(rng_next(&rng), UINT64_C(0x3107dfaec7c9d8));
    assert_int_equal(rng_next(&rng), UINT64_C(0x8b77ebc8516c4e46));
    assert_int_equal(rng_next(&rng), UINT64_C(0xcf134e813476567b));

    rng_seed(&rng, 42, RNG_SHUFFLE, 7, 0);
    /* 53 bits are a double exactly. */
    assert_true(rng_uniform(&rng) == 0.0007481499767713062);
    assert_true(rng_uniform(&rng) == 0.5447985996301422);

    rng_seed(&rng, 42, RNG_SHUFFLE, 7, 0);
    /* log and cos of another libm may differ in the last bit: 4 ulp. */
    assert_true(fabs(rng_normal(&rng) - -0.03716669532237462) < 1e-15);
    assert_true(fabs(rng_normal(&rng) - -0.8360398761142799) < 1e-15);

    int values[10], expected[10] = {5, 2, 8, 6, 7, 0, 9, 3, 1, 4};
    for (int i = 0; i < 10; i++)
        values[i] = i;
    rng_seed(&rng, 42, RNG_SHUFFLE, 7, 0);
    rng_shuffle(&rng, values, 10);
    assert_memory_equal(values, expected, sizeof values);
}

static void each_argument_of_the_seed_makes_another_stream(void **state)
{
    (void)state;
    static const uint64_t argument[][4] = {{0, 1, 0, 0}, {1, 1, 0, 0}, {0, 2, 0, 0}, {0, 1, 1, 0},
                                           {0, 1, 0, 1}, {0, 1, 1, 1}, {1, 1, 1, 0}, {1, 1, 0, 1}};
    enum { N = sizeof argument / sizeof argument[0] };
    uint64_t first[N];
    for (int i = 0; i < N; i++) {
        struct rng rng;
        rng_seed(&rng, argument[i][0], (enum rng_stream)argument[i][1], argument[i][2],
                 argument[i][3]);
        first[i] = rng_next(&rng);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
}

static void uniform_numbers_have_the_moments_of_a_uniform_distribution(void **state)
{
    (void)state;
    enum { N = 200000 };
    double sum = 0, squares = 0;
    struct rng rng;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    /* 5 standard errors: sqrt(1/12/N) and sqrt(4/45/N). The seed is fixed, so this cannot flicker.
     */
    assert_true(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    assert_true(fabs(squares / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
}

static void normal_numbers_have_the_moments_of_a_normal_distribution(void **state)
{
    (void)state;
    enum { N = 200000 };
    double sum[5] = {0};
    struct rng rng;
    rng_seed(&rng, 2, RNG_TEST, 0, 0);
    for (int i = 0; i < N; i++) {
        double z = rng_normal(&rng), power = 1;
        assert_true(isfinite(z));
        for (int p = 1; p <= 4; p++)
            sum[p] += power *= z;
    }
    /* 5 standard errors: the variances of z, z^2, z^3, z^4 are 1, 2, 15, 96. */
    assert_true(fabs(sum[1] / N) < 5 * sqrt(1.0 / N));
    assert_true(fabs(sum[2] / N - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(sum[3] / N) < 5 * sqrt(15.0 / N));
    assert_true(fabs(sum[4] / N - 3) < 5 * sqrt(96.0 / N));
}

static void a_bound_is_kept_and_has_no_favourites(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3, RNG_TEST, 0, 0);
    assert_int_equal(rng_below(&rng, 1), 0);

    /* Of 2^64 values, 3 * 2^62 as bound maps the upper quarter onto the lowest third again when
     * nothing is rejected: that third would have half of all draws. */
    enum { N = 30000 };
    int low = 0;
    for (int i = 0; i < N; i++) {
        uint64_t x = rng_below(&rng, UINT64_C(3) << 62);
        assert_true(x < UINT64_C(3) << 62);
        low += x < UINT64_C(1) << 62;
    }
    assert_true(fabs(low / (double)N - 1.0 / 3) < 5 * sqrt(2.0 / 9 / N));
}

static void every_order_of_a_shuffle_is_equally_likely(void **state)
{
    (void)state;
    enum { N = 24000 };
    int count[64] = {0};
    struct rng rng;
    rng_seed(&rng, 4, RNG_TEST, 0, 0);
    for (int i = 0; i < N; i++) {
        int v[3] = {0, 1, 2};
        rng_shuffle(&rng, v, 3);
        count[v[0] * 16 + v[1] * 4 + v[2]]++;
    }
    int orders = 0;
    for (int i = 0; i < 64; i++) {
        orders += count[i] > 0;
        /* 5 standard errors of a share of 1/6 */
        if (count[i] > 0)
            assert_true(fabs(count[i] / (double)N - 1.0 / 6) < 5 * sqrt(5.0 / 36 / N));
    }
    assert_int_equal(orders, 6);
    rng_shuffle(&rng, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_xoshiro256_starstar),
        cmocka_unit_test(a_seed_gives_the_same_stream_for_ever),
        cmocka_unit_test(each_argument_of_the_seed_makes_another_stream),
        cmocka_unit_test(uniform_numbers_have_the_moments_of_a_uniform_distribution),
        cmocka_unit_test(normal_numbers_have_the_moments_of_a_normal_distribution),
        cmocka_unit_test(a_bound_is_kept_and_has_no_favourites),
        cmocka_unit_test(every_order_of_a_shuffle_is_equally_likely),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
