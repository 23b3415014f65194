#include "math/gemm.h"

#include "math/close.h"

#include <stdio.h>
#include <string.h>

/* float32 sums of at most 300 products of order one, relative to the largest of them. */
#define TOLERANCE 2e-6

typedef void product(float *c, const float *a, const float *b, int m, int n, int k, int lda,
                     int ldb, int ldc, float beta);

/* Random shape, row lengths longer than the rows, beta 0 and 1; C begins with NaN where beta is 0,
 * and its columns behind the n-th must stay as they are. */
static void compare(product *gemm, bool a_transposed)
{
    int m = close_pick(1, 70), n = close_pick(1, 70), k = close_pick(1, 300);
    int lda = (a_transposed ? m : k) + close_pick(0, 3);
    int ldb = n + close_pick(0, 3), ldc = n + close_pick(0, 3);
    float beta = (float)close_pick(0, 1);
    size_t a_floats = (size_t)lda * (a_transposed ? k : m);
    size_t b_floats = (size_t)ldb * k, c_floats = (size_t)ldc * m;
    float *a = close_normal(a_floats), *b = close_normal(b_floats), *c = close_normal(c_floats);
    double *want = close_to_double(c, c_floats);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = beta == 0 ? 0 : c[i * ldc + j];
            for (int p = 0; p < k; p++)
                sum += (double)a[a_transposed ? p * lda + i : i * lda + p] * b[p * ldb + j];
            want[i * ldc + j] = sum;
            if (beta == 0)
                c[i * ldc + j] = NAN;
        }
    gemm(c, a, b, m, n, k, lda, ldb, ldc, beta);
    assert_close(c, want, c_floats, TOLERANCE);
    for (int i = 0; i < m; i++)
        for (int j = n; j < ldc; j++)
            assert_true(c[i * ldc + j] == want[i * ldc + j]);
    free(a);
    free(b);
    free(c);
    free(want);
}

static void products_are_those_of_double_precision(void **state)
{
    (void)state;
    close_seed(1);
    for (int i = 0; i < 30; i++) {
        compare(gemm_nn, false);
        compare(gemm_tn, true);
    }
}

/* "OpenBLAS", a version, a core: what a run records, and nothing that changes no bit. */
static void the_library_names_itself_its_version_and_its_core(void **state)
{
    (void)state;
    int end = 0;
    char core[32];
    const char *name = gemm_blas_name();
    assert_int_equal(sscanf(name, "OpenBLAS %*d.%*d.%*d %31[A-Za-z0-9_]%n", core, &end), 1);
    assert_int_equal(end, strlen(name));
    assert_ptr_equal(gemm_blas_name(), name);
}

int main(void)
{
    gemm_start(1, &(struct error){0});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_double_precision),
        cmocka_unit_test(the_library_names_itself_its_version_and_its_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
