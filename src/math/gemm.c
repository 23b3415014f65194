/* One-thread products through cblas. */
#include "math/gemm.h"

#include <cblas.h>

void gemm_start(void)
{
    openblas_set_num_threads(1);
}

const char *gemm_library(void)
{
    return openblas_get_config();
}

void gemm_nn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c,
                ldc);
}

void gemm_nt(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c,
                ldc);
}

void gemm_tn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c,
                ldc);
}
