/* xoshiro256** has no bad seeds except all zeros; four steps of splitmix64 never give that, because
 * splitmix64 is a bijection of its counter and takes each value once. */
#include "base/rng.h"

#include <math.h>

/* The finishing mixer of splitmix64: a bijection in which each input bit moves half the output. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static const uint64_t golden_step = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio, odd */

void rng_seed(struct rng *rng, uint64_t seed, enum rng_stream stream, uint64_t a, uint64_t b)
{
    /* A chain, not a sum: (seed 1, a 2) and (seed 2, a 1) are unrelated streams. */
    uint64_t counter = mix(seed + golden_step);
    counter = mix((counter ^ (uint64_t)stream) + golden_step);
    counter = mix((counter ^ a) + golden_step);
    counter = mix((counter ^ b) + golden_step);
    for (int i = 0; i < 4; i++) {
        counter += golden_step;
        rng->s[i] = mix(counter);
    }
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    /* 2^64 mod bound: without the values below it, what is left is a whole multiple of bound. */
    uint64_t unfair = -bound % bound, bits;
    do
        bits = rng_next(rng);
    while (bits < unfair);
    return bits % bound;
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *rng)
{
    const double two_pi = 6.283185307179586;
    double radius = sqrt(-2.0 * log(1.0 - rng_uniform(rng))); /* 1 - u is in (0, 1]: no log(0) */
    return radius * cos(two_pi * rng_uniform(rng));
}

void rng_shuffle(struct rng *rng, int *values, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(rng, i);
        int moved = values[i - 1];
        values[i - 1] = values[j];
        values[j] = moved;
    }
}
