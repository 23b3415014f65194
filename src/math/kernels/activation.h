/* Activations and their gradients on one register and on one number: enum kernels_activation.
 * Callers give `activation` as a constant where a loop should not ask. */
#ifndef MATH_KERNELS_ACTIVATION_H
#define MATH_KERNELS_ACTIVATION_H

#include "math/kernels/level.h"

typedef int mask __attribute__((vector_size(4 * LANES)));

/* v itself where it is NaN: a broken number must reach the loss, where it is reported. So both
 * limits replace what is beyond them, and NaN is beyond none. */
static inline __attribute__((always_inline)) vec activation_of(vec v,
                                                               enum kernels_activation activation)
{
    if (activation != KERNELS_NONE)
        v = (vec)((mask)v & ~(mask)(v < 0.0f));
    if (activation == KERNELS_RELU6) {
        const vec six = (vec){0} + 6.0f;
        const mask over = (mask)(v > 6.0f);
        v = (vec)(((mask)v & ~over) | ((mask)six & over));
    }
    return v;
}

static inline float activation_of_one(float v, enum kernels_activation activation)
{
    if (activation == KERNELS_NONE)
        return v;
    if (v < 0)
        return 0;
    return activation == KERNELS_RELU6 && v > 6 ? 6 : v;
}

/* g where the gradient passes the activation with result y, else 0. */
static inline __attribute__((always_inline)) vec
activation_gradient(vec g, vec y, enum kernels_activation activation)
{
    if (activation == KERNELS_NONE)
        return g;
    mask passes = (mask)(y > 0.0f);
    if (activation == KERNELS_RELU6)
        passes &= (mask)(y < 6.0f);
    return (vec)((mask)g & passes);
}

static inline float activation_gradient_of_one(float g, float y, enum kernels_activation activation)
{
    if (activation == KERNELS_NONE)
        return g;
    return y > 0 && (activation != KERNELS_RELU6 || y < 6) ? g : 0;
}

#endif
