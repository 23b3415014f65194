/* Sweeps over activations and parameters that the compiler vectorises: compiled once for each
 * processor level (files of math/kernels/) and chosen at run time. Each has a plain
 * double-precision twin in tests/unit/math/.
 *
 * x, y, z, g are [pixels, channels] of one sample (or a part of it), channels contiguous. Where a
 * sweep has a `pitch`, y, residual, g and masked may be slices of a wider tensor, whose pixels are
 * that many floats apart; z and dz are not. */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows a normalisation or a convolution, in place: RELU max(., 0), RELU6 min(max(., 0), 6).
 * NaN stays NaN. The gradient passes where the result y is > 0, with RELU6 also < 6 (PyTorch's). */
enum kernels_activation { KERNELS_NONE, KERNELS_RELU, KERNELS_RELU6 };

struct kernels_pool {
    int height, width, channels; /* of the input */
    int out_height, out_width, kernel, stride, pad;
};

/* An average pool. Windows begin `top` and `left` before the image's first pixel. A sum is
 * divided by the window's pixels in the image and, around it, in `counted` lines of zeros. The
 * distances of pixels in floats are those of x and dx, and of y and dy: more than `channels` where
 * these are some channels of a wider array. */
struct kernels_average {
    int height, width, channels; /* of the input */
    int out_height, out_width, kernel, stride, top, left;
    int counted;
    size_t in_pitch, out_pitch;
};

/* y = activation(v * scale[c] + shift[c]) of what a convolution has summed: a normalisation with
 * fixed statistics. */
struct kernels_epilogue {
    const float *scale, *shift;
    enum kernels_activation activation;
};

/* out[r][c] = the sum over d, in its order and in double, of a(r, d) * b(d, c), for c in 0..n-1 and
 * r in 0..rows-1. With i = d, or index[d] unless that is NULL: a(r, d) = a[r][i * a_step], b(d, c)
 * = b[i * b_row + c]. Each a[r] is read, also those from `rows` on. */
enum { KERNELS_PRODUCT_ROWS = 4 };
struct kernels_product {
    float *out[KERNELS_PRODUCT_ROWS];
    const float *a[KERNELS_PRODUCT_ROWS], *b;
    const int *index;
    size_t a_step, b_row;
    int rows, depth, n;
};

/* A depthwise convolution: x [height, width, channels], y [out_height, out_width, channels], filter
 * [kernel, kernel, channels]. y at (h, w) sees x from (h * stride - top, w * stride - left) on;
 * what is outside of x is 0. */
struct kernels_depthwise {
    int height, width, channels;
    int out_height, out_width;
    int kernel, stride; /* 1..15, >= 1; fast are kernels 3 and 5 with strides 1 and 2 */
    int top, left;
};

struct kernels_adam {
    float beta2, one_minus_beta1, one_minus_beta2;
    float weight_decay; /* Adam's: into the gradient */
    float shrink;       /* AdamW's: 1 - learning_rate * weight_decay */
    float step_size;    /* learning_rate / (1 - beta1^t) */
    float sqrt_bias2;   /* sqrt(1 - beta2^t) */
    float epsilon;
};

struct kernels_sgd {
    float learning_rate, momentum, weight_decay;
    bool nesterov;
};

/* How the operands of tile_product lie: sizes and steps in floats. */
struct kernels_tile {
    size_t a_row, a_step; /* from one row of A to the next, and from one k to the next */
    int depth, segments;  /* k runs over `segments` stretches of `depth` */
    size_t a_segment;     /* from one stretch of A to the next; B goes on without a gap */
    size_t b_step;        /* from one k of B to the next */
    size_t c_row;
    bool accumulate; /* C += A x B, else C = A x B */
};

struct kernels {
    const char *level; /* "portable", "v3", "v4": of x86-64 */

    /* mean[c] and m2[c] = sum over pixels of (z - mean)^2: float32 sums of z - z[first pixel] over
     * short blocks, collected in double. */
    void (*norm_moments)(double *mean, double *m2, const float *z, size_t pixels, int channels);
    /* y = activation(z * scale[c] + shift[c] (+ residual unless NULL)). residual may be y. */
    void (*norm_apply)(float *y, const float *z, const float *residual, const float *scale,
                       const float *shift, size_t pixels, int channels, size_t pitch,
                       enum kernels_activation activation);
    /* g = 0 where the activation with result y lets no gradient pass (NONE: g unchanged, y not
     * read); sum_g[c] = sum of g; sum_gx[c] = sum of g * (z - mean[c]). */
    void (*norm_backward_sums)(double *sum_g, double *sum_gx, float *g, const float *y,
                               const float *z, const float *mean, size_t pixels, int channels,
                               size_t pitch, enum kernels_activation activation);
    /* dz = a[c] * g + b[c] * (z - mean[c]) + d[c]; dz may be z, or g where that has no gaps. */
    void (*norm_backward_apply)(float *dz, const float *g, const float *z, const float *mean,
                                const float *a, const float *b, const float *d, size_t pixels,
                                int channels, size_t pitch);

    /* m = g where the activation with result y lets the gradient pass, else 0; sum[c] = sum of m,
     * with the bits of norm_backward_sums. out = m, without gaps, and masked = m, with the pitch of
     * g, unless NULL. Both may be g (out if that has no gaps). NONE: y is not read. */
    void (*mask)(float *out, float *masked, double *sum, const float *g, const float *y,
                 size_t pixels, int channels, size_t pitch, enum kernels_activation activation);

    /* The sum of a[i] * b[i], in double, in an order that n alone decides. */
    double (*double_dot)(const float *a, const float *b, int n);
    void (*double_product)(const struct kernels_product *p);
    /* product[i] += data[i] * grad[i], in double; then grad[i] *= scale[i]. */
    void (*double_scale)(double *restrict product, float *restrict grad, const float *restrict data,
                         const float *restrict scale, int n);

    /* out = a + b, of slices of wider tensors, each with the distance of its own pixels; b NULL:
     * out = a. out may be a or b. */
    void (*slice_add)(float *out, size_t out_pitch, const float *a, size_t a_pitch, const float *b,
                      size_t b_pitch, size_t pixels, int channels);

    /* g = 0 where the activation with result y lets no gradient pass; n floats. */
    void (*activation_backward)(float *g, const float *y, size_t n,
                                enum kernels_activation activation);

    /* Rows first_row .. first_row + n_rows - 1 of a max-pool's output (pixels out there are -inf);
     * argmax: which of the window's kernel * kernel pixels, row by row; the first of equals. A NaN
     * wins. argmax may be NULL. */
    void (*pool_max)(float *y, uint8_t *argmax, const float *x, const struct kernels_pool *p,
                     int first_row, int n_rows);
    /* Rows of dx: each input pixel gathers from the windows that chose it. */
    void (*pool_max_backward)(float *dx, const float *dy, const uint8_t *argmax,
                              const struct kernels_pool *p, int first_row, int n_rows);

    /* Rows of an average pool's output, and of its dx, written or added to. */
    void (*pool_average)(float *y, const float *x, const struct kernels_average *p, int first_row,
                         int n_rows);
    void (*pool_average_backward)(float *dx, const float *dy, const struct kernels_average *p,
                                  int first_row, int n_rows, bool accumulate);

    /* Rows first_row .. first_row + n_rows - 1 of y. epilogue may be NULL. A row's bits do not
     * depend on which rows are computed together; so with the next. */
    void (*depthwise_forward)(float *y, const float *x, const float *filter,
                              const struct kernels_epilogue *epilogue,
                              const struct kernels_depthwise *d, int first_row, int n_rows);
    /* Rows of dx, written or added to. */
    void (*depthwise_backward_data)(float *dx, const float *dy, const float *filter,
                                    const struct kernels_depthwise *d, int first_row, int n_rows,
                                    bool accumulate);
    /* What rows of dy contribute to dw [kernel, kernel, channels], written or added: float32 sums
     * over short blocks of pixels, which are added up. n_rows may be 0. */
    void (*depthwise_backward_weights)(float *dw, const float *x, const float *dy,
                                       const struct kernels_depthwise *d, int first_row, int n_rows,
                                       bool accumulate);

    /* C [rows, columns] = A [rows, K] x B [K, columns] with K = segments * depth; 1 <= columns <=
     * tile_columns. Floats beside the columns are neither read nor written. A row's bits do not
     * depend on the number of rows, nor a column's on the number of columns. tile_rows rows at a
     * time are fastest. */
    void (*tile_product)(float *c, const float *a, const float *b, int rows, int columns,
                         const struct kernels_tile *t);
    /* B [depth, columns], its rows b_step floats apart, as a panel [depth, tile_columns] that
     * tile_product reads with b_step = tile_columns: zeros behind the columns (<= tile_columns). */
    void (*tile_pack)(float *panel, const float *b, int depth, int columns, size_t b_step);
    /* Lines of some floats, which lie in_step apart, to lines that lie out_step apart. */
    void (*tile_copy)(float *out, size_t out_step, const float *in, size_t in_step, int lines,
                      int floats);
    int tile_rows, tile_columns;

    /* Winograd F(4x4, 3x3), padding 1 (src/nn/conv/README.md has the matrices). A tile is 4x4
     * outputs and the 6x6 inputs under them; `point` is the distance between its 36 transformed
     * values. Transformed values come in whole vectors: with channels that are no multiple of 16
     * there must be room for 16 at their end, which is written (with zeros) and read. v = B^T d B
     * of some channels of the inputs at (top, left), zero outside of the image [height, width],
     * `pixel` the distance of its pixels. */
    void (*winograd_input)(float *v, size_t point, const float *x, size_t pixel, int top, int left,
                           int height, int width, int channels);
    /* y (+)= A^T m A of some channels; y points at the tile's first pixel, `row` and `pixel` are
     * the distances of y's rows and pixels; rows x columns (1..4) of the tile exist. */
    void (*winograd_output)(float *y, size_t row, size_t pixel, const float *m, size_t point,
                            int rows, int columns, int channels, bool accumulate);
    /* m = A dy A^T; dy points at the tile's first pixel in an image `width` wide. */
    void (*winograd_gradient)(float *m, size_t point, const float *dy, int rows, int columns,
                              int width, int channels);
    /* u = G w G^T for 16 filters side by side, of which n exist (the others are 0 in u); `tap` is
     * the distance between the 9 taps. */
    void (*winograd_filter)(float *u, size_t point, const float *w, size_t tap, int n);
    /* dw = G^T du G for n filters side by side. */
    void (*winograd_filter_gradient)(float *dw, size_t tap, const float *du, size_t point,
                                     size_t n);

    /* Halves (IEEE binary16) of n floats, each the nearest but for this: what is not 0 becomes the
     * smallest half of its sign rather than 0, and what is below 6 the largest half below 6 rather
     * than 6, so that half_mask lets pass what the floats would; what is larger than 65504, the
     * largest half, infinity too, becomes that, and how many there were is returned. NaN stays NaN.
     */
    size_t (*half_store)(uint16_t *out, const float *x, size_t n);
    void (*half_load)(float *out, const uint16_t *halves, size_t n);
    /* As activation_backward, with y as halves. */
    void (*half_mask)(float *g, const uint16_t *y, size_t n, enum kernels_activation activation);

    /* The updates of nn/optimiser.h over n weights. sgd: m is NULL without momentum. */
    void (*adam)(float *param, float *m, float *v, const float *grad, size_t n,
                 const struct kernels_adam *k);
    void (*adamw)(float *param, float *m, float *v, const float *grad, size_t n,
                  const struct kernels_adam *k);
    void (*sgd)(float *param, float *m, const float *grad, size_t n, const struct kernels_sgd *k);
    /* Sum of x[i]^2 in double: the same bits at every level. */
    double (*sum_squares)(const float *x, size_t n);
    /* x[i] *= factor. */
    void (*scale)(float *x, size_t n, float factor);
    /* average[i] += share * (x[i] - average[i]). */
    void (*blend)(float *average, const float *x, size_t n, float share);
    /* out[i] = sum over j of part[j * stride + i], j ascending. */
    void (*sum_parts)(float *out, const float *part, size_t n, int n_parts, size_t stride);
};

/* The best level for this processor; ATK_KERNELS=portable|v3|v4 in the environment picks a lower
 * one (tests). */
const struct kernels *kernels_get(void);

#endif
