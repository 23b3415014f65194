#include "nn/clip.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE_FLOATS = 32 * 1024 };

struct job {
    double *sum;
    float *grad;
    size_t n;
    float factor;
};

static size_t piece_floats(const struct job *j, size_t first)
{
    return j->n - first < PIECE_FLOATS ? j->n - first : PIECE_FLOATS;
}

static void sum_piece(void *context, int index, int worker)
{
    const struct job *j = context;
    size_t first = (size_t)index * PIECE_FLOATS;
    (void)worker;
    j->sum[index] = kernels_get()->sum_squares(j->grad + first, piece_floats(j, first));
}

static void scale_piece(void *context, int index, int worker)
{
    const struct job *j = context;
    size_t first = (size_t)index * PIECE_FLOATS;
    (void)worker;
    kernels_get()->scale(j->grad + first, piece_floats(j, first), j->factor);
}

enum status clip_create(struct clip *out, const struct param_list *params, struct error *err)
{
    *out = (struct clip){.n_pieces = (int)((params->n_trained + PIECE_FLOATS - 1) / PIECE_FLOATS)};
    return memory_alloc((void **)&out->sum, (size_t)out->n_pieces, sizeof *out->sum,
                        "norm of the gradient", err);
}

double clip_norm(struct clip *clip, const struct param_list *params)
{
    struct job j = {.sum = clip->sum, .grad = params->grad, .n = params->n_trained};
    double sum = 0;
    parallel_for(sum_piece, &j, clip->n_pieces);
    for (int i = 0; i < clip->n_pieces; i++)
        sum += clip->sum[i];
    return sqrt(sum);
}

void clip_apply(const struct clip *clip, struct param_list *params, double norm, double most)
{
    double factor = most / (norm + 1e-6);
    struct job j = {.grad = params->grad, .n = params->n_trained, .factor = (float)factor};
    if (factor < 1)
        parallel_for(scale_piece, &j, clip->n_pieces);
}

void clip_destroy(struct clip *clip)
{
    free(clip->sum);
    *clip = (struct clip){0};
}
