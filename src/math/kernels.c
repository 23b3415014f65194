/* Chooses the processor level once. */
#include "math/kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_portable;
#if defined(__x86_64__)
extern const struct kernels kernels_v3, kernels_v4;
#endif

/* What is asked for are the features that the kernels use; no processor has them without the rest
 * of its level (lzcnt, movbe, f16c), for which compilers have no common names. */
static const struct kernels *choose(void)
{
#if defined(__x86_64__)
    const char *wanted = getenv("ATK_KERNELS");
    bool portable = wanted && strcmp(wanted, "portable") == 0;
    bool v3 = wanted && strcmp(wanted, "v3") == 0;
    __builtin_cpu_init();
    if (!portable && !v3 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return &kernels_v4;
    if (!portable && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        return &kernels_v3;
#endif
    return &kernels_portable;
}

const struct kernels *kernels_get(void)
{
    /* Workers may come here first, several at once: each finds the same. */
    static const struct kernels *_Atomic chosen;
    const struct kernels *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!k) {
        k = choose();
        atomic_store_explicit(&chosen, k, memory_order_relaxed);
    }
    return k;
}
