/* The micro-kernel of all own matrix products: a tile of C stays in registers while k runs, B comes
 * in vectors, A is broadcast element by element from where it lies, unpacked.
 *
 * Each number of rows and registers is a function of its own, so that the compiler can unroll it
 * and keep all sums in registers. */
#include "math/kernels/level.h"

enum { TILE_VECTORS = TILE_COLUMNS / LANES };

static inline __attribute__((always_inline)) vec take(const float *p, int lanes)
{
    return lanes == LANES ? load(p) : load_first(p, lanes);
}

static inline __attribute__((always_inline)) void put(float *p, vec v, int lanes)
{
    if (lanes == LANES)
        store(p, v);
    else
        store_first(p, v, lanes);
}

/* `vectors` registers of columns; of the last one `lanes` columns exist. */
static inline __attribute__((always_inline)) void product(float *c, const struct kernels_tile *t,
                                                          const float *a, const float *b, int rows,
                                                          int vectors, int lanes)
{
    vec sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (vec){0};

            /* C is asked for while k runs: it is loaded, or owned, by the time it is needed. */
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v += 16 / LANES)
            __builtin_prefetch(c + (size_t)i * t->c_row + LANES * v);

    const size_t row = t->a_row, step = t->a_step, b_step = t->b_step;
    for (int s = 0; s < t->segments; s++) {
        const float *in = a + (size_t)s * t->a_segment;
        for (int k = 0; k < t->depth; k++) {
            vec column[TILE_VECTORS];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                column[v] = take(b + LANES * v, v + 1 < vectors ? LANES : lanes);
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
            const int n = v + 1 < vectors ? LANES : lanes;
            if (t->accumulate)
                sum[i][v] += take(out, n);
            put(out, sum[i][v], n);
        }
    }
}

typedef void tile_function(float *c, const struct kernels_tile *t, const float *a, const float *b,
                           int lanes);

/* Two variants: the last register is full, or filled in part. */
#define TILE(n, v)                                                                                 \
    static void rows##n##_whole##v(float *c, const struct kernels_tile *t, const float *a,         \
                                   const float *b, int lanes)                                      \
    {                                                                                              \
        (void)lanes;                                                                               \
        product(c, t, a, b, n <= TILE_ROWS ? n : 1, v, LANES);                                     \
    }                                                                                              \
    static void rows##n##_part##v(float *c, const struct kernels_tile *t, const float *a,          \
                                  const float *b, int lanes)                                       \
    {                                                                                              \
        product(c, t, a, b, n <= TILE_ROWS ? n : 1, v, lanes);                                     \
    }
#define TILES(v)                                                                                   \
    TILE(1, v)                                                                                     \
    TILE(2, v)                                                                                     \
    TILE(3, v)                                                                                     \
    TILE(4, v)                                                                                     \
    TILE(5, v)                                                                                     \
    TILE(6, v)                                                                                     \
    TILE(7, v)                                                                                     \
    TILE(8, v)                                                                                     \
    TILE(9, v)                                                                                     \
    TILE(10, v)                                                                                    \
    TILE(11, v)                                                                                    \
    TILE(12, v)                                                                                    \
    TILE(13, v)                                                                                    \
    TILE(14, v)
#define BY_ROWS(kind)                                                                              \
    {                                                                                              \
        rows1_##kind, rows2_##kind, rows3_##kind, rows4_##kind, rows5_##kind, rows6_##kind,        \
            rows7_##kind, rows8_##kind, rows9_##kind, rows10_##kind, rows11_##kind, rows12_##kind, \
            rows13_##kind, rows14_##kind                                                           \
    }
TILES(1)
TILES(2)
#if defined(__AVX2__)
static tile_function *const whole[TILE_VECTORS][14] = {BY_ROWS(whole1), BY_ROWS(whole2)};
static tile_function *const part[TILE_VECTORS][14] = {BY_ROWS(part1), BY_ROWS(part2)};
#else
TILES(3)
TILES(4)
static tile_function *const whole[TILE_VECTORS][14] = {BY_ROWS(whole1), BY_ROWS(whole2),
                                                       BY_ROWS(whole3), BY_ROWS(whole4)};
static tile_function *const part[TILE_VECTORS][14] = {BY_ROWS(part1), BY_ROWS(part2),
                                                      BY_ROWS(part3), BY_ROWS(part4)};
#endif

void KERNEL(tile_product)(float *c, const float *a, const float *b, int rows, int columns,
                          const struct kernels_tile *t)
{
    /* Rows in equal shares: 8 + 8 rather than 14 + 2, whose few sums would wait for each other. */
    int tiles = (rows + TILE_ROWS - 1) / TILE_ROWS, last = (columns - 1) / LANES;
    int lanes = columns - last * LANES;
    tile_function *const *by_rows = lanes == LANES ? whole[last] : part[last];
    for (int i = 0, first = 0, n; i < tiles; i++, first += n) {
        n = (rows - first + tiles - i - 1) / (tiles - i);
        by_rows[n - 1](c + (size_t)first * t->c_row, t, a + (size_t)first * t->a_row, b, lanes);
    }
}

void KERNEL(tile_product_pack)(float *panel, const float *b, int depth, int columns, size_t b_step)
{
    const int full = columns / LANES, lanes = columns % LANES;
    for (int k = 0; k < depth; k++, panel += TILE_COLUMNS, b += b_step) {
        if (columns == TILE_COLUMNS) {
#pragma GCC unroll 4
            for (int v = 0; v < TILE_VECTORS; v++)
                store(panel + v * LANES, load(b + v * LANES));
            continue;
        }
        for (int v = 0; v < full; v++)
            store(panel + v * LANES, load(b + v * LANES));
        store(panel + full * LANES, load_first(b + full * LANES, lanes));
        for (int v = full + 1; v < TILE_VECTORS; v++)
            store(panel + v * LANES, (vec){0});
    }
}

void KERNEL(tile_product_copy)(float *out, size_t out_step, const float *in, size_t in_step,
                               int lines, int floats)
{
    if (floats < LANES) {
        for (int k = 0; k < lines; k++, out += out_step, in += in_step)
            for (int i = 0; i < floats; i++)
                out[i] = in[i];
        return;
    }
    for (int k = 0; k < lines; k++, out += out_step, in += in_step) {
        for (int i = 0; i + LANES < floats; i += LANES)
            store(out + i, load(in + i));
        store(out + floats - LANES, load(in + floats - LANES));
    }
}
