#include "machine_limits.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 7, CHAINS = 12, REPEATS = 1 << 20, SWEPT_FLOATS = 1 << 24 };

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Twelve sums that do not wait for each other, of vectors of the level's width: x = x * m + a, for
 * which the compiler takes FMA where `instructions` have it (-ffp-contract=fast). */
#define CHAIN(i) x##i = x##i * m + a
#define SUMS(name, instructions, bytes)                                                            \
    instructions static float name(float start)                                                    \
    {                                                                                              \
        typedef float vector __attribute__((vector_size(bytes)));                                  \
        const vector m = (vector){0} + 0.999f, a = (vector){0} + start;                            \
        vector x0 = a, x1 = a, x2 = a, x3 = a, x4 = a, x5 = a, x6 = a, x7 = a, x8 = a, x9 = a,     \
               x10 = a, x11 = a;                                                                   \
        for (int i = 0; i < REPEATS; i++) {                                                        \
            CHAIN(0);                                                                              \
            CHAIN(1);                                                                              \
            CHAIN(2);                                                                              \
            CHAIN(3);                                                                              \
            CHAIN(4);                                                                              \
            CHAIN(5);                                                                              \
            CHAIN(6);                                                                              \
            CHAIN(7);                                                                              \
            CHAIN(8);                                                                              \
            CHAIN(9);                                                                              \
            CHAIN(10);                                                                             \
            CHAIN(11);                                                                             \
            /* values that it may not foresee: nothing is left out, merged or put off */           \
            __asm__ volatile("" : "+x"(x0), "+x"(x1), "+x"(x2), "+x"(x3), "+x"(x4), "+x"(x5));     \
            __asm__ volatile("" : "+x"(x6), "+x"(x7), "+x"(x8), "+x"(x9), "+x"(x10), "+x"(x11));   \
        }                                                                                          \
        vector sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11;                  \
        return sum[0];                                                                             \
    }

#if defined(__x86_64__)
SUMS(sums_portable, , 16)
SUMS(sums_v3, __attribute__((target("avx2,fma"))), 32)
SUMS(sums_v4, __attribute__((target("avx512f"))), 64)
#else
static float sums_portable(float start)
{
    float x[4 * CHAINS];
    for (int j = 0; j < 4 * CHAINS; j++)
        x[j] = start;
    for (int i = 0; i < REPEATS; i++)
        for (int j = 0; j < 4 * CHAINS; j++)
            x[j] = x[j] * 0.999f + start;
    float sum = 0;
    for (int j = 0; j < 4 * CHAINS; j++)
        sum += x[j];
    return sum;
}
#endif

static double measure_flops(const char *level)
{
    float (*sums)(float) = sums_portable;
    int lanes = 4;
    double best = 0;
    volatile float sink;
#if defined(__x86_64__)
    if (strcmp(level, "v3") == 0) {
        sums = sums_v3;
        lanes = 8;
    } else if (strcmp(level, "v4") == 0) {
        sums = sums_v4;
        lanes = 16;
    }
#else
    (void)level;
#endif
    for (int round = 0; round < ROUNDS; round++) {
        double start = thread_seconds();
        sink = sums(1.0f + (float)round);
        double rate = 2.0 * lanes * CHAINS * REPEATS / (thread_seconds() - start);
        best = rate > best ? rate : best;
    }
    (void)sink;
    return best;
}

static double measure_bytes(void)
{
    float *from = calloc(SWEPT_FLOATS, sizeof *from), *to = calloc(SWEPT_FLOATS, sizeof *to);
    double best = 0;
    for (int round = 0; from && to && round < ROUNDS; round++) {
        double start = thread_seconds();
        for (int i = 0; i < SWEPT_FLOATS; i++)
            to[i] = from[i] + (float)round;
        double rate = 2.0 * SWEPT_FLOATS * sizeof *to / (thread_seconds() - start);
        best = rate > best ? rate : best;
        from[round] = to[round];
    }
    free(from);
    free(to);
    return best;
}

struct machine_limits machine_limits_measure(const char *level)
{
    return (struct machine_limits){measure_flops(level), measure_bytes()};
}
