/* What the files of this folder share: each is compiled once for each processor level, and
 * KERNEL(name) is its name there. kernels.c collects them through these declarations. */
#ifndef MATH_KERNELS_LEVEL_H
#define MATH_KERNELS_LEVEL_H

#include "math/kernels.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define KERNEL_JOIN2(a, b) a##_##b
#define KERNEL_JOIN(a, b)  KERNEL_JOIN2(a, b)
#define KERNEL(name)       KERNEL_JOIN(name, KERNEL_LEVEL)

/* The tile of C that tile_product keeps in registers. It fills the register file: 14 x 2 of 32
 * AVX-512 registers, 6 x 2 of 16 AVX2 ones. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 14, TILE_COLUMNS = 32 };
#elif defined(__AVX2__)
enum { TILE_ROWS = 6, TILE_COLUMNS = 16 };
#else
enum { TILE_ROWS = 3, TILE_COLUMNS = 16 };
#endif

/* One vector register. The compiler would split wider vectors too, but it keeps their parts in
 * memory: products ran at 11 GFLOP/s instead of 90 at level v3. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float vec_in_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline __attribute__((always_inline)) vec load(const float *p)
{
    return *(const vec_in_memory *)p;
}

static inline __attribute__((always_inline)) void store(float *p, vec v)
{
    *(vec_in_memory *)p = v;
}

/* The first n floats of a register, for channels past the last whole one; the others are 0, and
 * neither read nor written. */
static inline __attribute__((always_inline)) vec load_first(const float *p, int n)
{
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX2__)
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (vec)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
#else
    return (vec){n > 0 ? p[0] : 0, n > 1 ? p[1] : 0, n > 2 ? p[2] : 0, n > 3 ? p[3] : 0};
#endif
}

static inline __attribute__((always_inline)) void store_first(float *p, vec v, int n)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(__AVX2__)
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane), (__m256)v);
#else
    if (n > 0)
        p[0] = v[0];
    if (n > 1)
        p[1] = v[1];
    if (n > 2)
        p[2] = v[2];
    if (n > 3)
        p[3] = v[3];
#endif
}

void KERNEL(norm_sweep_moments)(double *mean, double *m2, const float *z, size_t pixels,
                                int channels);
void KERNEL(norm_sweep_apply)(float *y, const float *z, const float *residual, const float *scale,
                              const float *shift, size_t pixels, int channels, size_t pitch,
                              enum kernels_activation activation);
void KERNEL(norm_sweep_backward_sums)(double *sum_g, double *sum_gx, float *g, const float *y,
                                      const float *z, const float *mean, size_t pixels,
                                      int channels, size_t pitch,
                                      enum kernels_activation activation);
void KERNEL(norm_sweep_backward_apply)(float *dz, const float *g, const float *z, const float *mean,
                                       const float *a, const float *b, const float *d,
                                       size_t pixels, int channels, size_t pitch);
void KERNEL(mask_sweep)(float *out, float *masked, double *sum, const float *g, const float *y,
                        size_t pixels, int channels, size_t pitch,
                        enum kernels_activation activation);
double KERNEL(double_sums_dot)(const float *a, const float *b, int n);
void KERNEL(double_product)(const struct kernels_product *p);
void KERNEL(double_sums_scale)(double *restrict product, float *restrict grad,
                               const float *restrict data, const float *restrict scale, int n);
void KERNEL(slice_sweep_add)(float *out, size_t out_pitch, const float *a, size_t a_pitch,
                             const float *b, size_t b_pitch, size_t pixels, int channels);
size_t KERNEL(half_sweep_store)(uint16_t *out, const float *x, size_t n);
void KERNEL(half_sweep_load)(float *out, const uint16_t *halves, size_t n);
void KERNEL(half_sweep_mask)(float *g, const uint16_t *y, size_t n,
                             enum kernels_activation activation);
void KERNEL(norm_sweep_activation_backward)(float *g, const float *y, size_t n,
                                            enum kernels_activation activation);
void KERNEL(pool_sweep_max)(float *y, uint8_t *argmax, const float *x, const struct kernels_pool *p,
                            int first_row, int n_rows);
void KERNEL(pool_sweep_max_backward)(float *dx, const float *dy, const uint8_t *argmax,
                                     const struct kernels_pool *p, int first_row, int n_rows);
void KERNEL(pool_average_sweep)(float *y, const float *x, const struct kernels_average *p,
                                int first_row, int n_rows);
void KERNEL(pool_average_sweep_backward)(float *dx, const float *dy,
                                         const struct kernels_average *p, int first_row, int n_rows,
                                         bool accumulate);
void KERNEL(depthwise_sweep_forward)(float *y, const float *x, const float *filter,
                                     const struct kernels_epilogue *epilogue,
                                     const struct kernels_depthwise *d, int first_row, int n_rows);
void KERNEL(depthwise_sweep_backward_data)(float *dx, const float *dy, const float *filter,
                                           const struct kernels_depthwise *d, int first_row,
                                           int n_rows, bool accumulate);
void KERNEL(depthwise_weights_sweep)(float *dw, const float *x, const float *dy,
                                     const struct kernels_depthwise *d, int first_row, int n_rows,
                                     bool accumulate);
void KERNEL(tile_product)(float *c, const float *a, const float *b, int rows, int columns,
                          const struct kernels_tile *t);
void KERNEL(tile_product_pack)(float *panel, const float *b, int depth, int columns, size_t b_step);
void KERNEL(tile_product_copy)(float *out, size_t out_step, const float *in, size_t in_step,
                               int lines, int floats);
void KERNEL(winograd_sweep_input)(float *v, size_t point, const float *x, size_t pixel, int top,
                                  int left, int height, int width, int channels);
void KERNEL(winograd_sweep_output)(float *y, size_t row, size_t pixel, const float *m, size_t point,
                                   int rows, int columns, int channels, bool accumulate);
void KERNEL(winograd_sweep_gradient)(float *m, size_t point, const float *dy, int rows, int columns,
                                     int width, int channels);
void KERNEL(winograd_sweep_filter)(float *u, size_t point, const float *w, size_t tap, int n);
void KERNEL(winograd_sweep_filter_gradient)(float *dw, size_t tap, const float *du, size_t point,
                                            size_t n);
void KERNEL(param_sweep_adam)(float *param, float *m, float *v, const float *grad, size_t n,
                              const struct kernels_adam *k);
void KERNEL(param_sweep_adamw)(float *param, float *m, float *v, const float *grad, size_t n,
                               const struct kernels_adam *k);
void KERNEL(param_sweep_sgd)(float *param, float *m, const float *grad, size_t n,
                             const struct kernels_sgd *k);
double KERNEL(param_sweep_sum_squares)(const float *x, size_t n);
void KERNEL(param_sweep_scale)(float *x, size_t n, float factor);
void KERNEL(param_sweep_blend)(float *average, const float *x, size_t n, float share);
void KERNEL(param_sweep_sum_parts)(float *out, const float *part, size_t n, int n_parts,
                                   size_t stride);

#endif
