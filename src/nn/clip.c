#include "nn/clip.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

struct job {
    double *sum; /* of each piece */
    float *grad;
    float factor;
};

static void sum_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    j->sum[first / PARALLEL_FLOATS] = kernels_get()->sum_squares(j->grad + first, n);
}

static void scale_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    kernels_get()->scale(j->grad + first, n, j->factor);
}

enum status clip_create(struct clip *out, const struct param_list *params, struct error *err)
{
    size_t pieces = (params->n_trained + PARALLEL_FLOATS - 1) / PARALLEL_FLOATS;
    out->sum = memory_array(pieces, sizeof *out->sum, "norm of the gradient", err);
    return out->sum ? STATUS_OK : err->status;
}

double clip_norm(struct clip *clip, const struct param_list *params)
{
    struct job j = {.sum = clip->sum, .grad = params->grad + params->first_awake};
    size_t n = params->n_trained - params->first_awake;
    double sum = 0;
    parallel_floats(sum_some, &j, n, PARALLEL_FLOATS);
    for (size_t i = 0; i < (n + PARALLEL_FLOATS - 1) / PARALLEL_FLOATS; i++)
        sum += clip->sum[i];
    return sqrt(sum);
}

void clip_apply(struct param_list *params, double norm, double most)
{
    double factor = most / (norm + 1e-6);
    struct job j = {.grad = params->grad + params->first_awake, .factor = (float)factor};
    if (factor < 1)
        parallel_floats(scale_some, &j, params->n_trained - params->first_awake, PARALLEL_FLOATS);
}

void clip_destroy(struct clip *clip)
{
    free(clip->sum);
    *clip = (struct clip){0};
}
