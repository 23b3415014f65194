/* Random arrays in float32 with the same values in double, and the comparison of a float32 result
 * with its double-precision twin. */
#ifndef TESTS_MATH_CLOSE_H
#define TESTS_MATH_CLOSE_H

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rng close_rng;

static inline void close_seed(uint64_t seed)
{
    rng_seed(&close_rng, seed, RNG_TEST, 0, 0);
}

/* Uniform in first..last. */
static inline int close_pick(int first, int last)
{
    return first + (int)rng_below(&close_rng, (uint64_t)(last - first + 1));
}

static inline float *close_floats(size_t n)
{
    float *values = malloc(n * sizeof *values + 1);
    assert_non_null(values);
    return values;
}

static inline double *close_doubles(size_t n)
{
    double *values = calloc(n + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static inline float *close_filled(size_t n, float value)
{
    float *values = close_floats(n);
    for (size_t i = 0; i < n; i++)
        values[i] = value;
    return values;
}

/* N(mean, deviation). */
static inline float *close_normal_around(size_t n, double mean, double deviation)
{
    float *values = close_floats(n);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(mean + deviation * rng_normal(&close_rng));
    return values;
}

static inline float *close_normal(size_t n)
{
    return close_normal_around(n, 0, 1);
}

static inline double *close_to_double(const float *values, size_t n)
{
    double *copy = close_doubles(n);
    for (size_t i = 0; i < n; i++)
        copy[i] = values[i];
    return copy;
}

/* The largest difference, in units of the largest wanted value. NaN anywhere is infinitely far. */
static inline double close_distance(const float *got, const double *want, size_t n)
{
    double difference = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs(got[i] - want[i]);
        if (!(d <= difference))
            difference = isnan(d) ? INFINITY : d;
        if (fabs(want[i]) > largest)
            largest = fabs(want[i]);
    }
    return difference == 0 ? 0 : difference / (largest > 0 ? largest : 1);
}

static inline void close_check(const float *got, const double *want, size_t n, double tolerance,
                               const char *what, const char *file, int line)
{
    double distance = close_distance(got, want, n);
    if (distance <= tolerance)
        return;
    print_error("%s: %.2e away, allowed %.1e\n", what, distance, tolerance);
    _fail(file, line);
}
#define assert_close(got, want, n, tolerance)                                                      \
    close_check(got, want, n, tolerance, #got, __FILE__, __LINE__)

#endif
