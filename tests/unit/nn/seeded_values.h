/* Numbers that C and Python both compute to the bit: the twin of scripts/seeded_values.py, where
 * the formula is described. Golden files hold results only; weights and images come from here. */
#ifndef TESTS_SEEDED_VALUES_H
#define TESTS_SEEDED_VALUES_H

#include "nn/param.h"

#include <math.h>
#include <stdbool.h>
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

/* out [p->size] around center, as far away as scale. */
static inline void seeded_fill(float *out, const struct param *p, double center, double scale)
{
    uint64_t state = seeded_state(p->name, 0);
    for (size_t i = 0; i < p->size; i++)
        out[i] = (float)(center + (double)(float)scale * seeded_uniform(state, i));
}

static inline bool seeded_around_one(const struct param *p)
{
    const char *dot = strrchr(p->name, '.');
    return strcmp(dot, ".weight") == 0 || strcmp(dot, ".running_var") == 0;
}

/* out [p->size] in PyTorch's layout. */
static inline void seeded_parameter(float *out, const struct param *p)
{
    if (p->n_dims == 4)
        seeded_fill(out, p, 0, sqrt(6.0 / ((double)p->dim[0] * p->dim[2] * p->dim[3])));
    else if (p->n_dims == 2)
        seeded_fill(out, p, 0, 2 / sqrt(p->dim[1]));
    else if (seeded_around_one(p))
        seeded_fill(out, p, 1, 0.25);
    else
        seeded_fill(out, p, 0, 0.125);
}

/* The same for deep networks: network_parameter of the twin. */
static inline void seeded_network_parameter(float *out, const struct param *p)
{
    if (p->n_dims == 4) {
        double gain = p->dim[1] == 1 ? 6 : 4.8;
        seeded_fill(out, p, 0, sqrt(gain / ((double)p->dim[1] * p->dim[2] * p->dim[3])));
    } else if (p->n_dims == 2) {
        seeded_fill(out, p, 0, 2 / sqrt(p->dim[1]));
    } else if (seeded_around_one(p)) {
        seeded_fill(out, p, 1, 0.5);
    } else {
        seeded_fill(out, p, 0, 0.25);
    }
}

/* out [n, size, size, 3]: noise of single pixels plus noise of 8x8 blocks, those at the right and
 * bottom cut off where size is no multiple of 8. */
static inline void seeded_images(float *out, uint64_t seed, int n, int size)
{
    uint64_t pixels = seeded_state("pixels", seed), blocks = seeded_state("blocks", seed);
    size_t row_values = (size_t)size * 3, per_row = ((size_t)size + 7) / 8;
    for (size_t row = 0; row < (size_t)n * (size_t)size; row++) {
        size_t image = row / (size_t)size, y = row % (size_t)size;
        size_t block_row = image * per_row + y / 8;
        for (size_t i = 0; i < row_values; i++) {
            size_t block = (block_row * per_row + i / 3 / 8) * 3 + i % 3;
            out[row * row_values + i] = (float)(0.5 * seeded_uniform(pixels, row * row_values + i) +
                                                0.5 * seeded_uniform(blocks, block));
        }
    }
}

#endif
