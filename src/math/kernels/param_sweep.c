/* Sweeps over flat arrays of parameters. */
#include "math/kernels/level.h"

#include <math.h>

void KERNEL(param_sweep_adam)(float *restrict param, float *restrict m, float *restrict v,
                              const float *restrict grad, size_t n, const struct kernels_adam *k)
{
    /* Copies, so that the compiler need not reload them after each store. */
    const struct kernels_adam c = *k;
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + c.weight_decay * param[i];
        m[i] += c.one_minus_beta1 * (g - m[i]);
        v[i] = c.beta2 * v[i] + c.one_minus_beta2 * g * g;
        param[i] -= c.step_size * (m[i] / (sqrtf(v[i]) / c.sqrt_bias2 + c.epsilon));
    }
}

void KERNEL(param_sweep_sum_parts)(float *restrict out, const float *restrict part, size_t n,
                                   int n_parts, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        out[i] = part[i];
    for (int j = 1; j < n_parts; j++)
        for (size_t i = 0; i < n; i++)
            out[i] += part[j * stride + i];
}
