/* base/half: all halves, and everything between two of them. */
#include "base/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_half_comes_back_from_float(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 0xFFFF; bits++) {
        float value = half_to_float((uint16_t)bits);
        uint16_t back = half_from_float(value);
        if (isnan(value)) /* a signalling one becomes quiet */
            assert_int_equal(back, bits | 0x200);
        else
            assert_int_equal(back, bits);
    }
}

/* By the definition: (1 + fraction / 1024) * 2^(exponent - 15), or fraction * 2^-24. */
static double defined_value(int bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double magnitude =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1 + fraction / 1024.0, exponent - 15);
    return bits >> 15 ? -magnitude : magnitude;
}

static void a_half_is_what_its_bits_say(void **state)
{
    (void)state;
    for (int bits = 0; bits <= 0xFFFF; bits++) {
        float value = half_to_float((uint16_t)bits);
        if ((bits >> 10 & 31) == 31)
            assert_true((bits & 1023) ? isnan(value) : isinf(value) && (value < 0) == (bits >> 15));
        else
            assert_true(value == defined_value(bits) && !!signbit(value) == bits >> 15);
    }
}

static void between_two_halves_the_nearer_is_taken_and_in_the_middle_the_even_one(void **state)
{
    (void)state;
    for (int bits = 0; bits < 0x7C00; bits++) { /* the last gap ends at infinity's 65536 */
        double low = defined_value(bits), high = bits == 0x7BFF ? 65536 : defined_value(bits + 1);
        float middle = (float)((low + high) / 2); /* exact: one more bit than a half has */
        int even = bits % 2 == 0 ? bits : bits + 1;
        assert_int_equal(half_from_float(middle), even);
        assert_int_equal(half_from_float(-middle), even | 0x8000);
        assert_int_equal(half_from_float(nextafterf(middle, 0)), bits);
        assert_int_equal(half_from_float(nextafterf(middle, INFINITY)), bits + 1);
    }
}

static void what_is_too_large_is_infinite_and_what_is_too_small_is_zero(void **state)
{
    (void)state;
    assert_int_equal(half_from_float(65504), 0x7BFF);
    assert_int_equal(half_from_float(65519.996F), 0x7BFF);
    assert_int_equal(half_from_float(65520), 0x7C00);
    assert_int_equal(half_from_float(-3e38F), 0xFC00);
    assert_int_equal(half_from_float(INFINITY), 0x7C00);
    assert_true(isnan(half_to_float(half_from_float(NAN))));
    assert_int_equal(half_from_float(0x1p-25F), 0); /* half of the smallest: the tie is even at 0 */
    assert_int_equal(half_from_float(nextafterf(0x1p-25F, 1)), 1);
    assert_int_equal(half_from_float(-0x1p-149F), 0x8000);
    assert_int_equal(half_from_float(-0.0F), 0x8000);
}

static void a_bfloat_is_the_upper_half_of_a_float(void **state)
{
    (void)state;
    assert_true(half_bfloat_to_float(0x3FC0) == 1.5F);
    assert_true(half_bfloat_to_float(0xBE80) == -0.25F);
    assert_true(half_bfloat_to_float(0x7F7F) == 0x1.fep127F);
    assert_true(isnan(half_bfloat_to_float(0x7FC0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_comes_back_from_float),
        cmocka_unit_test(a_half_is_what_its_bits_say),
        cmocka_unit_test(between_two_halves_the_nearer_is_taken_and_in_the_middle_the_even_one),
        cmocka_unit_test(what_is_too_large_is_infinite_and_what_is_too_small_is_zero),
        cmocka_unit_test(a_bfloat_is_the_upper_half_of_a_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
