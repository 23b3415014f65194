/* One-thread products through cblas. */
#include "math/gemm.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

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

static char blas_name[96];

/* OpenBLAS tells its configuration as "OpenBLAS 0.3.21 DYNAMIC_ARCH ... MAX_THREADS=64": name and
 * version come first, and what lies behind them changes no bit, but for the core. */
static void make_blas_name(void)
{
    const char *config = openblas_get_config();
    size_t name = strcspn(config, " ");
    size_t version = config[name] == ' ' ? 1 + strcspn(config + name + 1, " ") : 0;
    snprintf(blas_name, sizeof blas_name, "%.*s %s", (int)(name + version), config,
             openblas_get_corename());
}

const char *gemm_blas_name(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_blas_name);
    return blas_name;
}

void gemm_nn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c,
                ldc);
}

void gemm_tn(float *c, const float *a, const float *b, int m, int n, int k, int lda, int ldb,
             int ldc, float beta)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c,
                ldc);
}
