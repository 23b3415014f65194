/* The kernel tables of every level that this processor can run. */
#ifndef TESTS_MATH_LEVELS_H
#define TESTS_MATH_LEVELS_H

#include "math/kernels.h"

#include "math/close.h"

extern const struct kernels kernels_portable, kernels_v3, kernels_v4;

/* Runs the test for each level, from the same random numbers. */
static inline void levels_each(void (*test)(const struct kernels *k), uint64_t seed)
{
    const struct kernels *level[3] = {&kernels_portable};
    int n = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        level[n++] = &kernels_v3;
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        level[n++] = &kernels_v4;
#endif
    for (int i = 0; i < n; i++) {
        print_message("  level %s\n", level[i]->level);
        close_seed(seed);
        test(level[i]);
    }
}

#endif
