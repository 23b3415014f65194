#include "nn/gradient_sum.h"

#include "base/memory.h"
#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

enum status gradient_sum_create(struct gradient_sum *out, const struct param_list *params,
                                struct error *err)
{
    *out = (struct gradient_sum){.n = params->n_trained};
    out->kept = memory_array(out->n, sizeof *out->kept, "sum of gradients", err);
    return out->kept ? STATUS_OK : err->status;
}

void gradient_sum_destroy(struct gradient_sum *s)
{
    free(s->kept);
    *s = (struct gradient_sum){0};
}

void gradient_sum_begin(struct gradient_sum *s)
{
    s->n_parts = 0;
}

struct job {
    float *kept, *grad;
};

static void keep_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    memcpy(j->kept + first, j->grad + first, n * sizeof *j->kept);
}

static void add_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    for (size_t i = first; i < first + n; i++)
        j->grad[i] += j->kept[i];
}

void gradient_sum_keep(struct gradient_sum *s, const struct param_list *params)
{
    struct job j = {s->kept, params->grad + params->first_awake};
    if (s->n_parts > 0)
        parallel_floats(keep_some, &j, s->n - params->first_awake, PARALLEL_FLOATS);
}

void gradient_sum_add(struct gradient_sum *s, struct param_list *params)
{
    struct job j = {s->kept, params->grad + params->first_awake};
    if (s->n_parts > 0)
        parallel_floats(add_some, &j, s->n - params->first_awake, PARALLEL_FLOATS);
    s->n_parts++;
}
