#include "base/half.h"

#include <string.h>

/* Of a float32: sign, 8 bits of exponent (bias 127), 23 of fraction. Of a half: sign, 5 (bias 15),
 * 10. */
enum { EXPONENT_STEP = 127 - 15, DROPPED_BITS = 23 - 10, HALF_INFINITY = 0x7C00 };

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bits / 2^shift, 1 <= shift <= 31, to the nearest, ties to even. */
static uint32_t rounded_shift(uint32_t bits, int shift)
{
    uint32_t kept = bits >> shift, rest = bits & ((1U << shift) - 1), tie = 1U << (shift - 1);
    return kept + (rest > tie || (rest == tie && (kept & 1) != 0));
}

uint16_t half_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF, half;
    int exponent = (int)(magnitude >> 23) - EXPONENT_STEP;
    if (magnitude > 0x7F800000) { /* a NaN: quiet, with what fits of its payload */
        half = HALF_INFINITY | 0x200 | (magnitude >> DROPPED_BITS & 0x3FF);
    } else if (exponent > 30) {
        half = HALF_INFINITY;
    } else if (exponent > 0) {
        /* A carry out of the fraction goes into the exponent, and out of the largest one makes an
         * infinity: just what rounding means. */
        half = rounded_shift(magnitude - ((uint32_t)EXPONENT_STEP << 23), DROPPED_BITS);
    } else if (exponent >= -10) {
        /* Subnormal: a multiple of 2^-24, the leading 1 written out. */
        half = rounded_shift((magnitude & 0x7FFFFF) | 0x800000, DROPPED_BITS + 1 - exponent);
    } else {
        half = 0;
    }
    return (uint16_t)(sign | half);
}

float half_to_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, magnitude = bits & 0x7FFFU;
    if (magnitude >= HALF_INFINITY)
        return float_of_bits(sign | 0x7F800000 | (magnitude & 0x3FF) << DROPPED_BITS);
    if (magnitude >= 0x400)
        return float_of_bits(sign | ((magnitude << DROPPED_BITS) + (EXPONENT_STEP << 23)));
    float value = (float)magnitude * 0x1p-24F;
    return sign ? -value : value;
}

float half_bfloat_to_float(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}
