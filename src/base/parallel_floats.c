#include "base/parallel.h"

#include <assert.h>
#include <limits.h>

struct floats_job {
    void (*work)(void *context, size_t first, size_t n);
    void *context;
    size_t n_floats, piece_floats;
};

static void work_on_floats(void *context, int piece, int worker)
{
    const struct floats_job *j = context;
    size_t first = (size_t)piece * j->piece_floats, left = j->n_floats - first;
    (void)worker;
    j->work(j->context, first, left < j->piece_floats ? left : j->piece_floats);
}

void parallel_floats(void (*work)(void *context, size_t first, size_t n), void *context,
                     size_t n_floats, size_t piece_floats)
{
    struct floats_job job = {work, context, n_floats, piece_floats};
    size_t n_pieces = n_floats / piece_floats + (n_floats % piece_floats > 0);
    assert(n_pieces <= INT_MAX); /* 256 TiB in pieces of the usual size */
    parallel_for(work_on_floats, &job, (int)n_pieces);
}
