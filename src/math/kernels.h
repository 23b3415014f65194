/* Sweeps over activations and parameters that the compiler vectorises: compiled once for each
 * processor level (files of math/kernels/) and chosen at run time. Each has a plain
 * double-precision twin in tests/unit/math/.
 *
 * x, y, z, g are [pixels, channels] of one sample (or a part of it), channels contiguous. */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernels_pool {
    int height, width, channels; /* of the input */
    int out_height, out_width, kernel, stride, pad;
};

struct kernels_adam {
    float beta2, one_minus_beta1, one_minus_beta2, weight_decay;
    float step_size;  /* learning_rate / (1 - beta1^t) */
    float sqrt_bias2; /* sqrt(1 - beta2^t) */
    float epsilon;
};

struct kernels {
    const char *level; /* "portable", "x86-64-v3", "x86-64-v4" */

    /* mean[c] and m2[c] = sum over pixels of (z - mean)^2: float32 sums of z - z[first pixel] over
     * short blocks, collected in double. */
    void (*norm_moments)(double *mean, double *m2, const float *z, size_t pixels, int channels);
    /* y = z * scale[c] + shift[c] (+ residual unless NULL), then max(., 0) if relu. residual may be
     * y. */
    void (*norm_apply)(float *y, const float *z, const float *residual, const float *scale,
                       const float *shift, size_t pixels, int channels, bool relu);
    /* g = 0 where y <= 0 (y NULL: g unchanged); sum_g[c] = sum of g; sum_gx[c] = sum of g * (z -
     * mean[c]). */
    void (*norm_backward_sums)(double *sum_g, double *sum_gx, float *g, const float *y,
                               const float *z, const float *mean, size_t pixels, int channels);
    /* dz = a[c] * g + b[c] * (z - mean[c]) + d[c]; dz may be z. */
    void (*norm_backward_apply)(float *dz, const float *g, const float *z, const float *mean,
                                const float *a, const float *b, const float *d, size_t pixels,
                                int channels);

    /* Rows first_row .. first_row + n_rows - 1 of a max-pool's output (pixels out there are -inf);
     * argmax: which of the window's kernel * kernel pixels, row by row; the first of equals. A NaN
     * wins. argmax may be NULL. */
    void (*pool_max)(float *y, uint8_t *argmax, const float *x, const struct kernels_pool *p,
                     int first_row, int n_rows);
    /* Rows of dx: each input pixel gathers from the windows that chose it. */
    void (*pool_max_backward)(float *dx, const float *dy, const uint8_t *argmax,
                              const struct kernels_pool *p, int first_row, int n_rows);

    void (*adam)(float *param, float *m, float *v, const float *grad, size_t n,
                 const struct kernels_adam *k);
    /* out[i] = sum over j of part[j * stride + i], j ascending. */
    void (*sum_parts)(float *out, const float *part, size_t n, int n_parts, size_t stride);
};

/* The best level for this processor; ATK_KERNELS=portable|v3|v4 in the environment picks a lower
 * one (tests). */
const struct kernels *kernels_get(void);

#endif
