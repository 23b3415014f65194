/* The micro-kernel of all own matrix products: a tile of C stays in registers while k runs, B comes
 * in vectors, A is broadcast element by element from where it lies, unpacked.
 *
 * Each number of rows is a function of its own, so that the compiler can unroll it and keep all
 * sums in registers. */
#include "math/kernels/activation.h"
#include "math/kernels/level.h"

enum { TILE_VECTORS = TILE_COLUMNS / LANES, NARROW_VECTORS = 16 / LANES };

static inline __attribute__((always_inline)) void product(float *c, const struct kernels_tile *t,
                                                          const float *a, const float *b, int rows,
                                                          int vectors)
{
    vec sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (vec){0};

    const size_t row = t->a_row, step = t->a_step, b_step = t->b_step;
    for (int s = 0; s < t->segments; s++) {
        const float *in = a + (size_t)s * t->a_segment;
        for (int k = 0; k < t->depth; k++) {
            vec column[TILE_VECTORS];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                column[v] = load(b + LANES * v);
#pragma GCC unroll 14
            for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
                for (int v = 0; v < vectors; v++)
                    sum[i][v] += in[(size_t)i * row] * column[v];
            in += step;
            b += b_step;
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            float *out = c + (size_t)i * t->c_row + LANES * v;
            if (t->accumulate)
                sum[i][v] += load(out);
            store(out, sum[i][v]);
        }
    }
}

typedef void tile_function(float *c, const struct kernels_tile *t, const float *a, const float *b);

#define ROWS(n)                                                                                    \
    static void rows##n##_wide(float *c, const struct kernels_tile *t, const float *a,             \
                               const float *b)                                                     \
    {                                                                                              \
        product(c, t, a, b, n <= TILE_ROWS ? n : 1, TILE_VECTORS);                                 \
    }                                                                                              \
    static void rows##n##_one(float *c, const struct kernels_tile *t, const float *a,              \
                              const float *b)                                                      \
    {                                                                                              \
        product(c, t, a, b, n <= TILE_ROWS ? n : 1, NARROW_VECTORS);                               \
    }
ROWS(1)
ROWS(2)
ROWS(3)
ROWS(4)
ROWS(5)
ROWS(6)
ROWS(7)
ROWS(8)
ROWS(9)
ROWS(10)
ROWS(11)
ROWS(12)
ROWS(13)
ROWS(14)

static tile_function *const wide[] = {
    rows1_wide, rows2_wide, rows3_wide,  rows4_wide,  rows5_wide,  rows6_wide,  rows7_wide,
    rows8_wide, rows9_wide, rows10_wide, rows11_wide, rows12_wide, rows13_wide, rows14_wide};
static tile_function *const one[] = {rows1_one,  rows2_one,  rows3_one,  rows4_one, rows5_one,
                                     rows6_one,  rows7_one,  rows8_one,  rows9_one, rows10_one,
                                     rows11_one, rows12_one, rows13_one, rows14_one};

/* Fewer than 16 columns: through 16 floats beside C. */
static void product_tail(float *c, const struct kernels_tile *t, const float *a, const float *b,
                         int rows, int columns)
{
    float whole[TILE_ROWS * 16];
    struct kernels_tile beside = *t;
    beside.c_row = 16;
    beside.accumulate = false;
    one[rows - 1](whole, &beside, a, b);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            float *out = c + (size_t)i * t->c_row + j;
            *out = t->accumulate ? *out + whole[i * 16 + j] : whole[i * 16 + j];
        }
}

static inline __attribute__((always_inline)) vec take(const float *p, int lanes)
{
    return lanes == LANES ? load(p) : load_first(p, lanes);
}

/* One register of columns. */
static inline __attribute__((always_inline)) void
finish_column(float *c, const float *residual, const float *scale, const float *shift, size_t c_row,
              int rows, int lanes, enum kernels_activation activation)
{
    const vec factor = take(scale, lanes), summand = take(shift, lanes);
    for (size_t at = 0; at < (size_t)rows * c_row; at += c_row) {
        vec v = take(c + at, lanes) * factor + summand;
        if (residual)
            v += take(residual + at, lanes);
        v = activation_of(v, activation);
        if (lanes == LANES)
            store(c + at, v);
        else
            store_first(c + at, v, lanes);
    }
}

/* The epilogue of rows whose sums are in C, and so in the first-level cache. In the product itself
 * it would need registers, and all are taken. */
static inline __attribute__((always_inline)) void finish_as(float *c, const float *residual,
                                                            const struct kernels_tile *t, int rows,
                                                            int columns,
                                                            enum kernels_activation activation)
{
    const float *scale = t->epilogue->scale, *shift = t->epilogue->shift;
    int i = 0;
    for (; i + LANES <= columns; i += LANES)
        finish_column(c + i, residual ? residual + i : NULL, scale + i, shift + i, t->c_row, rows,
                      LANES, activation);
    if (i < columns)
        finish_column(c + i, residual ? residual + i : NULL, scale + i, shift + i, t->c_row, rows,
                      columns - i, activation);
}

static void finish(float *c, const float *residual, const struct kernels_tile *t, int rows,
                   int columns)
{
    if (t->epilogue->activation == KERNELS_RELU)
        finish_as(c, residual, t, rows, columns, KERNELS_RELU);
    else if (t->epilogue->activation == KERNELS_RELU6)
        finish_as(c, residual, t, rows, columns, KERNELS_RELU6);
    else
        finish_as(c, residual, t, rows, columns, KERNELS_NONE);
}

void KERNEL(tile_product)(float *c, const float *a, const float *b, int rows, int columns,
                          const struct kernels_tile *t)
{
    /* Rows in equal shares: 8 + 8 rather than 14 + 2, whose few sums would wait for each other. */
    int tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (int i = 0, first = 0, n; i < tiles; i++, first += n) {
        n = (rows - first + tiles - i - 1) / (tiles - i);
        const size_t done = (size_t)first * t->c_row;
        float *out = c + done;
        const float *in = a + (size_t)first * t->a_row;
        if (columns == TILE_COLUMNS)
            wide[n - 1](out, t, in, b);
        else if (columns >= 16) {
            one[n - 1](out, t, in, b);
            if (columns > 16)
                product_tail(out + 16, t, in, b + 16, n, columns - 16);
        } else
            product_tail(out, t, in, b, n, columns);
        if (t->epilogue)
            finish(out, t->residual ? t->residual + done : NULL, t, n, columns);
    }
}

void KERNEL(tile_product_pack)(float *panel, const float *b, int depth, int columns, size_t b_step)
{
    for (int k = 0; k < depth; k++, panel += TILE_COLUMNS, b += b_step) {
        for (int j = 0; j < columns; j++)
            panel[j] = b[j];
        for (int j = columns; j < TILE_COLUMNS; j++)
            panel[j] = 0;
    }
}
