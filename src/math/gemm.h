/* Matrix products by BLAS: the only file that includes <cblas.h>. All matrices are row-major
 * float32.
 *
 * Every product runs on the calling thread alone; parallelism is outside, over samples and tiles.
 * So a result does not depend on the number of threads, and OpenBLAS's own threads cannot fight
 * ours. */
#ifndef MATH_GEMM_H
#define MATH_GEMM_H

#include "base/error.h"

#include <stdbool.h>

/* Before the first product, which model_create sees to: sets BLAS to one thread and ends those that
 * it has started. An error where so many threads of ours would not get the memory that BLAS takes
 * for each: it would not fail but try for ever. Further calls check again. */
enum status gemm_start(int threads, struct error *err);
/* Whether BLAS's own threads try for ever already. exit() would wait for them: _exit() does not. */
bool gemm_hangs(void);
/* Name, version and processor core of the library that multiplies, "OpenBLAS 0.3.21 SkylakeX":
 * recorded with a run, because the bits depend on all three. Static. */
const char *gemm_blas_name(void);

/* C [m,n] (row length ldc) = A x B + beta * C, where A is [m,k] and B [k,n]. beta is 0 or 1. The
 * letters tell whether A and B are stored as said (n) or transposed (t): gemm_tn reads A from
 * storage [k,m] of row length lda. */
void gemm_nn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta);
void gemm_tn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta);

#endif
