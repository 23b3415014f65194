/* One sweep over the flat arrays, in pieces of fixed size. */
#include "nn/adam.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE_FLOATS = 32 * 1024 };

enum status adam_create(struct adam *out, const struct param_list *params, double beta1,
                        double beta2, double epsilon, double weight_decay, struct error *err)
{
    *out = (struct adam){.beta1 = beta1,
                         .beta2 = beta2,
                         .epsilon = epsilon,
                         .weight_decay = weight_decay,
                         .n = params->n_trained};
    if (memory_alloc((void **)&out->m, out->n, sizeof *out->m, "Adam's first moments", err) !=
            STATUS_OK ||
        memory_alloc((void **)&out->v, out->n, sizeof *out->v, "Adam's second moments", err) !=
            STATUS_OK)
        adam_destroy(out);
    return out->m ? STATUS_OK : err->status;
}

struct job {
    struct adam *adam;
    struct param_list *params;
    struct kernels_adam constants;
};

static void piece(void *context, int index, int worker)
{
    const struct job *j = context;
    size_t first = (size_t)index * PIECE_FLOATS;
    size_t n = j->adam->n - first < PIECE_FLOATS ? j->adam->n - first : PIECE_FLOATS;
    (void)worker;
    kernels_get()->adam(j->params->data + first, j->adam->m + first, j->adam->v + first,
                        j->params->grad + first, n, &j->constants);
}

void adam_step(struct adam *opt, struct param_list *params, double learning_rate)
{
    opt->step++;
    double bias1 = 1 - pow(opt->beta1, (double)opt->step),
           bias2 = 1 - pow(opt->beta2, (double)opt->step);
    struct job j = {opt,
                    params,
                    {.beta2 = (float)opt->beta2,
                     .one_minus_beta1 = (float)(1 - opt->beta1),
                     .one_minus_beta2 = (float)(1 - opt->beta2),
                     .weight_decay = (float)opt->weight_decay,
                     .step_size = (float)(learning_rate / bias1),
                     .sqrt_bias2 = (float)sqrt(bias2),
                     .epsilon = (float)opt->epsilon}};
    parallel_for(piece, &j, (int)((opt->n + PIECE_FLOATS - 1) / PIECE_FLOATS));
}

void adam_destroy(struct adam *opt)
{
    free(opt->m);
    free(opt->v);
    *opt = (struct adam){0};
}
