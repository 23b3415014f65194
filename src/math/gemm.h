/* Matrix products by BLAS: the only file that includes <cblas.h>. All matrices are row-major
 * float32.
 *
 * Every product runs on the calling thread alone; parallelism is outside, over samples and tiles.
 * So a result does not depend on the number of threads, and OpenBLAS's own threads cannot fight
 * ours. */
#ifndef MATH_GEMM_H
#define MATH_GEMM_H

/* Before the first product, which model_create sees to: sets BLAS to one thread and ends those that
 * it has started. A second call changes nothing. */
void gemm_start(void);
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
