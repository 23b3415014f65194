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

void KERNEL(param_sweep_adamw)(float *restrict param, float *restrict m, float *restrict v,
                               const float *restrict grad, size_t n, const struct kernels_adam *k)
{
    const struct kernels_adam c = *k;
    for (size_t i = 0; i < n; i++) {
        float g = grad[i], p = c.shrink * param[i];
        m[i] += c.one_minus_beta1 * (g - m[i]);
        v[i] = c.beta2 * v[i] + c.one_minus_beta2 * g * g;
        param[i] = p - c.step_size * (m[i] / (sqrtf(v[i]) / c.sqrt_bias2 + c.epsilon));
    }
}

void KERNEL(param_sweep_sgd)(float *restrict param, float *restrict m, const float *restrict grad,
                             size_t n, const struct kernels_sgd *k)
{
    const struct kernels_sgd c = *k;
    /* m = momentum * m + g; the direction is g + ahead * m, or m alone. */
    const float ahead = c.nesterov ? c.momentum : 1, own = c.nesterov ? 1 : 0;
    if (!m) {
        for (size_t i = 0; i < n; i++)
            param[i] -= c.learning_rate * (grad[i] + c.weight_decay * param[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + c.weight_decay * param[i];
        m[i] = c.momentum * m[i] + g;
        param[i] -= c.learning_rate * (own * g + ahead * m[i]);
    }
}

/* The square of a float is exact in double, so it does not matter whether it is added with one
 * rounding or two; and there are 16 sums at every level. */
double KERNEL(param_sweep_sum_squares)(const float *x, size_t n)
{
    enum { SUMS = 16 };
    double lane[SUMS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (size_t j = 0; j < SUMS; j++)
            lane[j] += (double)x[i + j] * (double)x[i + j];
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)x[i] * (double)x[i];
    for (int j = 0; j < SUMS; j++)
        sum += lane[j];
    return sum;
}

void KERNEL(param_sweep_scale)(float *x, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

void KERNEL(param_sweep_blend)(float *restrict average, const float *restrict x, size_t n,
                               float share)
{
    for (size_t i = 0; i < n; i++)
        average[i] += share * (x[i] - average[i]);
}

void KERNEL(param_sweep_sum_parts)(float *restrict out, const float *restrict part, size_t n,
                                   int n_parts, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        out[i] = part[i];
    for (int j = 1; j < n_parts; j++)
        for (size_t i = 0; i < n; i++)
            out[i] += part[(size_t)j * stride + i];
}
