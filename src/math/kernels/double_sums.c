/* Sums of products of floats in double precision, for products too small for a matrix product. */
#include "math/kernels/level.h"

enum { PARTS = 16 }; /* sums side by side: a register's worth or more at every level */

double KERNEL(double_sums_dot)(const float *a, const float *b, int n)
{
    double part[PARTS] = {0}, sum = 0;
    int whole = n / PARTS * PARTS;
    for (int i = 0; i < whole; i += PARTS)
        for (int j = 0; j < PARTS; j++)
            part[j] += (double)a[i + j] * (double)b[i + j];
    for (int i = whole; i < n; i++)
        part[i - whole] += (double)a[i] * (double)b[i];
    for (int j = 0; j < PARTS; j++)
        sum += part[j];
    return sum;
}

void KERNEL(double_sums_scale)(double *restrict product, float *restrict grad,
                               const float *restrict data, const float *restrict scale, int n)
{
    for (int i = 0; i < n; i++) {
        product[i] += (double)data[i] * (double)grad[i];
        grad[i] *= scale[i];
    }
}
