/* A register of floats in double precision: two registers. */
#ifndef MATH_KERNELS_DOUBLES_H
#define MATH_KERNELS_DOUBLES_H

#include "math/kernels/level.h"

typedef double double_vec __attribute__((vector_size(4 * LANES)));

struct doubles {
    double_vec half[2];
};

static inline __attribute__((always_inline)) struct doubles doubles_of(vec v)
{
#if defined(__AVX512F__)
    return (struct doubles){{(double_vec)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)),
                             (double_vec)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1))}};
#elif defined(__AVX2__)
    return (struct doubles){{(double_vec)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)),
                             (double_vec)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1))}};
#else
    return (struct doubles){{{v[0], v[1]}, {v[2], v[3]}}};
#endif
}

/* Each rounded to the nearest float. */
static inline __attribute__((always_inline)) vec doubles_to_floats(const struct doubles *d)
{
#if defined(__AVX512F__)
    const __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)d->half[0]));
    return (vec)_mm512_insertf32x8(low, _mm512_cvtpd_ps((__m512d)d->half[1]), 1);
#elif defined(__AVX2__)
    return (vec)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)d->half[1]),
                                _mm256_cvtpd_ps((__m256d)d->half[0]));
#else
    return (vec){(float)d->half[0][0], (float)d->half[0][1], (float)d->half[1][0],
                 (float)d->half[1][1]};
#endif
}

static inline double doubles_at(const struct doubles *d, int lane)
{
    return d->half[lane / (LANES / 2)][lane % (LANES / 2)];
}

/* The first n lanes; the others are 0. */
static inline struct doubles doubles_from(const double *p, int n)
{
    struct doubles d = {0};
    for (int i = 0; i < n; i++)
        d.half[i / (LANES / 2)][i % (LANES / 2)] = p[i];
    return d;
}

#endif
