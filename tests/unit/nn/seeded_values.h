/* Numbers that C and Python both compute to the bit: the twin of scripts/seeded_values.py, where
 * the formula is described. Golden files hold results only; weights and pictures come from here. */
#ifndef TESTS_SEEDED_VALUES_H
#define TESTS_SEEDED_VALUES_H

#include "nn/param.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t seeded_state(const char *name, uint64_t seed)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    return hash + 0x9E3779B97F4A7C15u * ((seed << 32) + 1);
}

/* The i-th number in [-1, 1) of a stream, a multiple of 2^-23. */
static inline double seeded_uniform(uint64_t state, uint64_t i)
{
    uint64_t z = state + i * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 40) * 0x1p-23 - 1;
}

/* out [p->size] in PyTorch's layout. */
static inline void seeded_parameter(float *out, const struct param *p)
{
    const char *dot = strrchr(p->name, '.');
    double center = 0, scale = 0.125;
    if (p->n_dims == 4) {
        scale = sqrt(6.0 / ((double)p->dim[0] * p->dim[2] * p->dim[3]));
    } else if (p->n_dims == 2) {
        scale = 2 / sqrt(p->dim[1]);
    } else if (strcmp(dot, ".weight") == 0 || strcmp(dot, ".running_var") == 0) {
        center = 1;
        scale = 0.25;
    }
    uint64_t state = seeded_state(p->name, 0);
    for (size_t i = 0; i < p->size; i++)
        out[i] = (float)(center + (double)(float)scale * seeded_uniform(state, i));
}

/* out [n, size, size, 3]: noise of single pixels plus noise of 8x8 blocks; size is a multiple of 8.
 */
static inline void seeded_pictures(float *out, uint64_t seed, int n, int size)
{
    uint64_t pixels = seeded_state("pixels", seed), blocks = seeded_state("blocks", seed);
    size_t row_values = (size_t)size * 3, per_row = (size_t)size / 8;
    for (size_t row = 0; row < (size_t)n * (size_t)size; row++) {
        size_t block_row = row / (size_t)size * per_row + row % (size_t)size / 8;
        for (size_t i = 0; i < row_values; i++) {
            size_t block = (block_row * per_row + i / 3 / 8) * 3 + i % 3;
            out[row * row_values + i] = (float)(0.5 * seeded_uniform(pixels, row * row_values + i) +
                                                0.5 * seeded_uniform(blocks, block));
        }
    }
}

#endif
