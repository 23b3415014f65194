/* A matrix product in double precision of a few rows, for the gradients of a classifier: a number
 * of b is read and widened once for all rows. Sums stay in registers over the whole depth, in its
 * order. */
#include "math/kernels/doubles.h"

enum { ROWS = KERNELS_PRODUCT_ROWS, AHEAD = 16 };
/* Registers of floats that are summed at a time: their sums are twice as many, for each row. */
#if defined(__AVX512F__)
enum { WIDE = 2 };
#else
enum { WIDE = 1 };
#endif

/* Columns c .. c + wide * LANES - 1, of the last register `lanes`. */
static inline __attribute__((always_inline)) void columns(const struct kernels_product *p, int c,
                                                          int wide, int lanes)
{
    struct doubles sum[ROWS][WIDE] = {0};
    for (int d = 0; d < p->depth; d++) {
        const size_t at = (size_t)(p->index ? p->index[d] : d);
        const float *b = p->b + at * p->b_row + c;
        if (!p->index && d + AHEAD < p->depth)
            __builtin_prefetch(b + AHEAD * p->b_row);
        struct doubles x[WIDE];
#pragma GCC unroll 2
        for (int k = 0; k < wide; k++)
            x[k] = doubles_of(lanes == LANES ? load(b + k * LANES) : load_first(b, lanes));
#pragma GCC unroll 4
        for (int r = 0; r < ROWS; r++) {
            const double factor = (double)p->a[r][at * p->a_step];
#pragma GCC unroll 2
            for (int k = 0; k < wide; k++) {
                sum[r][k].half[0] += factor * x[k].half[0];
                sum[r][k].half[1] += factor * x[k].half[1];
            }
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++)
        for (int k = 0; k < wide && r < p->rows; k++)
            store_first(p->out[r] + c + k * LANES, doubles_to_floats(&sum[r][k]), lanes);
}

void KERNEL(double_product)(const struct kernels_product *p)
{
    int c = 0;
    for (; c + WIDE * LANES <= p->n; c += WIDE * LANES)
        columns(p, c, WIDE, LANES);
    for (; c + LANES <= p->n; c += LANES)
        columns(p, c, 1, LANES);
    if (c < p->n)
        columns(p, c, 1, p->n - c);
}
