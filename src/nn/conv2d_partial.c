#include "nn/conv2d_partial.h"

#include "base/parallel.h"
#include "math/kernels.h"

enum { PIECE_FLOATS = 16 * 1024 };

struct job {
    float *out;
    const float *parts;
    size_t n;
    int n_parts;
};

static void sum_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    size_t first = (size_t)piece * PIECE_FLOATS;
    size_t n = j->n - first < PIECE_FLOATS ? j->n - first : PIECE_FLOATS;
    (void)worker;
    kernels_get()->sum_parts(j->out + first, j->parts + first, n, j->n_parts, j->n);
}

void conv2d_partial_sum(float *out, const float *parts, size_t n, int n_parts)
{
    struct job j = {out, parts, n, n_parts};
    parallel_for(sum_piece, &j, (int)((n + PIECE_FLOATS - 1) / PIECE_FLOATS));
}
