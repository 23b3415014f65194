/* Initial weights, as each parameter says of itself (nn/param.h). */
#include "nn/model.h"

#include "base/rng.h"

/* Draws in the disk's order, so that the stream does not depend on the layout in memory. */
static void init_convolution(struct param *p, struct rng *rng)
{
    size_t out = (size_t)p->dim[0], in = (size_t)p->dim[1],
           taps = (size_t)p->dim[2] * (size_t)p->dim[3];
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++)
            for (size_t t = 0; t < taps; t++)
                p->data[(t * in + i) * out + o] = (float)(p->start_value * rng_normal(rng));
}

void model_init(struct model *m, uint64_t seed)
{
    struct param_list *list = model_params(m);
    for (int i = 0; i < list->n; i++) {
        struct param *p = &list->item[i];
        struct rng rng;
        rng_seed(&rng, seed, RNG_INIT, (uint64_t)i, 0);
        p->counter = 0;
        if (p->kind == PARAM_CONV)
            init_convolution(p, &rng);
        else if (p->start == PARAM_START_UNIFORM)
            for (size_t j = 0; j < p->size; j++)
                p->data[j] = (float)((2 * rng_uniform(&rng) - 1) * p->start_value);
        else
            for (size_t j = 0; j < p->size; j++)
                p->data[j] = (float)p->start_value;
    }
}
