/* One-thread products through cblas. */
#include "math/gemm.h"

#include "base/address_space.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Ends the threads that OpenBLAS's pthread build starts as it is loaded. Exported but in no header;
 * its other builds (serial, OpenMP) do not have it. */
extern int blas_thread_shutdown_(void) __attribute__((weak));
/* The same of its buffers. */
extern void *blas_memory_alloc(int) __attribute__((weak));
extern void blas_memory_free(void *) __attribute__((weak));
enum { MOST_BUFFERS = 64 };

/* What OpenBLAS maps for each thread that multiplies (x86-64, kernels chosen at run time; less
 * elsewhere). Where it gets none it tries again for ever: first its own threads, as soon as it is
 * loaded, then who calls it. */
#define BUFFER_BYTES ((size_t)128 << 20)

static bool its_threads_have_ended;
static int n_buffers; /* for threads that multiply: mapped, and not given back when they end */

/* Buffers that its own threads are still trying to get. */
static int missing_buffers(void)
{
    int threads =
        blas_thread_shutdown_ && !its_threads_have_ended ? openblas_get_num_threads() - 1 : 0;
    return threads > 0 ? threads - address_space_blocks(BUFFER_BYTES) : 0;
}

bool gemm_hangs(void)
{
    return !address_space_has_room(missing_buffers(), BUFFER_BYTES);
}

static void end_its_threads(void)
{
    if (blas_thread_shutdown_)
        n_buffers = openblas_get_num_threads() - 1;
    openblas_set_num_threads(1);
    /* An idle one waits in a loop of sched_yield, which a busy machine feels. */
    if (blas_thread_shutdown_)
        blas_thread_shutdown_();
    its_threads_have_ended = true;
}

/* Has them mapped now, before anything else takes the room. */
static void take_buffers(int n)
{
    void *buffer[MOST_BUFFERS];
    n = n < MOST_BUFFERS ? n : MOST_BUFFERS;
    if (!blas_memory_alloc || !blas_memory_free)
        return;
    for (int i = 0; i < n; i++)
        buffer[i] = blas_memory_alloc(0);
    for (int i = 0; i < n; i++)
        blas_memory_free(buffer[i]);
}

enum status gemm_start(int threads, struct error *err)
{
    if (gemm_hangs())
        return error_memory(err, (size_t)missing_buffers() * BUFFER_BYTES, "OpenBLAS's buffers");
    if (!its_threads_have_ended)
        end_its_threads();
    if (threads <= n_buffers)
        return STATUS_OK;
    if (!address_space_has_room(threads - n_buffers, BUFFER_BYTES))
        return error_memory(err, (size_t)(threads - n_buffers) * BUFFER_BYTES,
                            "OpenBLAS's buffers, one for each thread");
    take_buffers(threads);
    n_buffers = threads;
    return STATUS_OK;
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
