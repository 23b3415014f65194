#include "nn/gradient_sum.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum status gradient_sum_create(struct gradient_sum *out, const struct param_list *params,
                                struct error *err)
{
    *out = (struct gradient_sum){.n = params->n_trained};
    return memory_alloc((void **)&out->kept, out->n, sizeof(float), "sum of gradients", err);
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

void gradient_sum_keep(struct gradient_sum *s, const struct param_list *params)
{
    if (s->n_parts > 0)
        memcpy(s->kept, params->grad, s->n * sizeof(float));
}

void gradient_sum_add(struct gradient_sum *s, struct param_list *params)
{
    for (size_t i = 0; s->n_parts > 0 && i < s->n; i++)
        params->grad[i] += s->kept[i];
    s->n_parts++;
}
