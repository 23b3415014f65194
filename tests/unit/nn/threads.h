/* The thread pool for a whole program of tests: cmocka_run_group_tests(tests, threads_start,
 * threads_stop). BLAS too, which a model starts by itself. */
#ifndef TESTS_NN_THREADS_H
#define TESTS_NN_THREADS_H

#include "base/parallel.h"
#include "math/gemm.h"

static inline int threads_start(void **state)
{
    struct error err;
    (void)state;
    if (gemm_start(1, &err) != STATUS_OK)
        return -1;
    return parallel_start(3, &err) == STATUS_OK ? 0 : -1;
}

static inline int threads_stop(void **state)
{
    (void)state;
    parallel_stop();
    return 0;
}

#endif
