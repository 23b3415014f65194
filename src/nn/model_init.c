/* Initial weights, as torchvision's ResNet draws them (with its zero_init_residual, when the
 * network asks for that). */
#include "nn/model.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

/* Draws in the disk's order, so that the stream does not depend on the layout in memory. */
static void init_convolution(struct param *p, struct rng *rng)
{
    size_t taps = (size_t)p->dim[2] * p->dim[3];
    double deviation = sqrt(2.0 / (double)(p->dim[0] * taps));
    for (size_t o = 0; o < (size_t)p->dim[0]; o++)
        for (size_t i = 0; i < (size_t)p->dim[1]; i++)
            for (size_t t = 0; t < taps; t++)
                p->data[(t * p->dim[1] + i) * p->dim[0] + o] = (float)(deviation * rng_normal(rng));
}

static void init_uniform(struct param *p, struct rng *rng, double bound)
{
    for (size_t i = 0; i < p->size; i++)
        p->data[i] = (float)((2 * rng_uniform(rng) - 1) * bound);
}

static void init_constant(struct param *p, float value)
{
    for (size_t i = 0; i < p->size; i++)
        p->data[i] = value;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

/* A norm's weight, bias or running statistic. */
static float norm_start(const struct param *p, const struct model_spec *spec)
{
    static const char *const last_weight[] = {[BLOCK_BASIC] = ".bn2.weight"};
    if (spec->zero_init_residual && ends_with(p->name, last_weight[spec->block]))
        return 0;
    return ends_with(p->name, ".weight") || ends_with(p->name, "running_var") ? 1 : 0;
}

void model_init(struct model *m, uint64_t seed)
{
    struct param_list *list = model_params(m);
    double bound = 0; /* of the classifier: its bias comes behind its weight */
    for (int i = 0; i < list->n; i++) {
        struct param *p = &list->item[i];
        struct rng rng;
        rng_seed(&rng, seed, RNG_INIT, (uint64_t)i, 0);
        if (p->kind == PARAM_CONV) {
            init_convolution(p, &rng);
        } else if (p->kind == PARAM_LINEAR) {
            bound = 1 / sqrt((double)p->dim[1]);
            init_uniform(p, &rng, bound);
        } else if (p->head) {
            init_uniform(p, &rng, bound);
        } else if (p->kind == PARAM_COUNTER) {
            p->counter = 0;
        } else {
            init_constant(p, norm_start(p, model_spec(m)));
        }
    }
}
