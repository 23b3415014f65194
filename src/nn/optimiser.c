/* One sweep over the flat arrays, in pieces that are cut once: where weights with decay meet
 * weights without, and after so many floats. */
#include "nn/optimiser.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

struct optimiser_piece {
    size_t first, n;
    bool decays;
};

int optimiser_moments(const struct optimiser_options *options)
{
    if (options->kind == OPTIMISER_SGD)
        return options->momentum > 0 ? 1 : 0;
    return 2;
}

/* Cuts first .. end - 1 into pieces; into the list unless it is NULL. */
static void cut(struct optimiser *opt, size_t first, size_t end, bool decays)
{
    for (; first < end; first += PARALLEL_FLOATS) {
        size_t n = end - first < PARALLEL_FLOATS ? end - first : PARALLEL_FLOATS;
        if (opt->piece)
            opt->piece[opt->n_pieces] = (struct optimiser_piece){first, n, decays};
        opt->n_pieces++;
    }
}

/* Neighbours that are treated alike make one run; the padding behind a parameter goes with it. */
static void cut_pieces(struct optimiser *opt, const struct param_list *params)
{
    size_t first = 0;
    bool decays = true;
    opt->n_pieces = 0;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        bool wanted = !(opt->options.keep_norm_bias && p->kind == PARAM_VECTOR);
        if (!param_is_trained(p) || wanted == decays)
            continue;
        size_t place = (size_t)(p->data - params->data);
        cut(opt, first, place, decays);
        first = place;
        decays = wanted;
    }
    cut(opt, first, opt->n, decays);
}

enum status optimiser_create(struct optimiser *out, const struct param_list *params,
                             const struct optimiser_options *options, struct error *err)
{
    int n_moments = optimiser_moments(options);
    *out = (struct optimiser){.options = *options, .n = params->n_trained};
    cut_pieces(out, params); /* counts */
    if (n_moments > 0)
        out->m = memory_array(out->n, sizeof *out->m, "first moments", err);
    if (n_moments > 1 && out->m)
        out->v = memory_array(out->n, sizeof *out->v, "second moments", err);
    if ((n_moments > 0 && !out->m) || (n_moments > 1 && !out->v))
        goto failed;
    out->piece =
        memory_array((size_t)out->n_pieces, sizeof *out->piece, "pieces of the update", err);
    if (!out->piece)
        goto failed;
    cut_pieces(out, params);
    return STATUS_OK;
failed:
    optimiser_destroy(out);
    return err->status;
}

struct job {
    const struct optimiser *opt;
    struct param_list *params;
    struct kernels_adam adam;
    struct kernels_sgd sgd;
};

static void update_piece(void *context, int index, int worker)
{
    const struct job *j = context;
    const struct optimiser *opt = j->opt;
    const struct optimiser_piece *p = &opt->piece[index];
    const struct kernels *k = kernels_get();
    float *weight = j->params->data + p->first;
    const float *grad = j->params->grad + p->first;
    struct kernels_adam adam = j->adam;
    struct kernels_sgd sgd = j->sgd;
    (void)worker;
    if (!p->decays) {
        adam.weight_decay = sgd.weight_decay = 0;
        adam.shrink = 1;
    }
    switch (opt->options.kind) {
    case OPTIMISER_ADAM:
        k->adam(weight, opt->m + p->first, opt->v + p->first, grad, p->n, &adam);
        break;
    case OPTIMISER_ADAMW:
        k->adamw(weight, opt->m + p->first, opt->v + p->first, grad, p->n, &adam);
        break;
    case OPTIMISER_SGD:
        k->sgd(weight, opt->m ? opt->m + p->first : NULL, grad, p->n, &sgd);
        break;
    }
}

void optimiser_step(struct optimiser *opt, struct param_list *params, double learning_rate)
{
    const struct optimiser_options *o = &opt->options;
    opt->step++;
    double bias1 = 1 - pow(o->beta1, (double)opt->step),
           bias2 = 1 - pow(o->beta2, (double)opt->step);
    struct job j = {.opt = opt,
                    .params = params,
                    .adam = {.beta2 = (float)o->beta2,
                             .one_minus_beta1 = (float)(1 - o->beta1),
                             .one_minus_beta2 = (float)(1 - o->beta2),
                             .weight_decay = (float)o->weight_decay,
                             .shrink = (float)(1 - learning_rate * o->weight_decay),
                             .step_size = (float)(learning_rate / bias1),
                             .sqrt_bias2 = (float)sqrt(bias2),
                             .epsilon = (float)o->epsilon},
                    .sgd = {.learning_rate = (float)learning_rate,
                            .momentum = (float)o->momentum,
                            .weight_decay = (float)o->weight_decay,
                            .nesterov = o->nesterov}};
    parallel_for(update_piece, &j, opt->n_pieces);
}

void optimiser_destroy(struct optimiser *opt)
{
    free(opt->m);
    free(opt->v);
    free(opt->piece);
    *opt = (struct optimiser){0};
}
