/* Seeded random numbers: xoshiro256** seeded through splitmix64 (Blackman and Vigna 2018).
 *
 * One stream for each purpose, derived from the run's seed and up to two counters (epoch, sample),
 * so that what a sample gets never depends on threads, batch size or on how often a run was
 * resumed.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_stream {
    RNG_INIT = 1,
    RNG_SPLIT,
    RNG_SHUFFLE,
    RNG_AUGMENT,
    RNG_TEST,
    RNG_NOISE,      /* of data that scripts/ draw */
    RNG_ALTER,      /* the later half of augmentation */
    RNG_TEST_SPLIT, /* images that are kept for a test: not those that a split of the same seed
                       keeps for validation */
    RNG_FLIP,       /* wrong labels, made on purpose */
    RNG_BOOTSTRAP   /* images of a draw: a is its number */
};

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *rng, uint64_t seed, enum rng_stream stream, uint64_t a, uint64_t b);
uint64_t rng_next(struct rng *rng); /* 64 random bits */
uint64_t rng_below(struct rng *rng,
                   uint64_t bound);  /* uniform in 0..bound-1, unbiased; bound >= 1 */
double rng_uniform(struct rng *rng); /* [0, 1), 53 bits */
double rng_normal(struct rng *rng);  /* N(0, 1), Box-Muller, stateless between calls */
void rng_shuffle(struct rng *rng, int *values, size_t n); /* Fisher-Yates */

#endif
