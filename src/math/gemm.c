/* One-thread products through cblas. */
#include "math/gemm.h"

#include <cblas.h>

/* Ends the threads that OpenBLAS's pthread build starts as it is loaded. Exported but in no header;
 * its other builds (serial, OpenMP) do not have it. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

void gemm_start(void)
{
    openblas_set_num_threads(1);
    /* An idle one waits in a loop of sched_yield, which a busy machine feels. */
    if (blas_thread_shutdown_)
        blas_thread_shutdown_();
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
