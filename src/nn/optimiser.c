/* One sweep over the flat arrays, in pieces that are cut once: where weights meet that are treated
 * otherwise (decay, learning rate, the time at which they begin to learn), and after so many
 * floats. */
#include "nn/optimiser.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>

struct optimiser_piece {
    size_t first, n;
    bool decays, is_body, sleeps_first;
};

int optimiser_moments(const struct optimiser_options *options)
{
    if (options->kind == OPTIMISER_SGD)
        return options->momentum > 0 ? 1 : 0;
    return 2;
}

/* Cuts from `first` up to the treatment's end into pieces; into the list unless it is NULL. */
static void cut(struct optimiser *opt, struct optimiser_piece treatment, size_t end)
{
    for (; treatment.first < end; treatment.first += PARALLEL_FLOATS) {
        size_t left = end - treatment.first;
        treatment.n = left < PARALLEL_FLOATS ? left : PARALLEL_FLOATS;
        if (opt->piece)
            opt->piece[opt->n_pieces] = treatment;
        opt->n_pieces++;
    }
}

/* Neighbours that are treated alike make one run; the padding behind a parameter goes with it. */
static void cut_pieces(struct optimiser *opt, const struct param_list *params)
{
    struct optimiser_piece run = {
        .decays = true, .is_body = params->first_head > 0, .sleeps_first = params->first_awake > 0};
    opt->n_pieces = 0;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (!param_is_trained(p) || p->frozen)
            continue;
        size_t place = (size_t)(p->data - params->data);
        struct optimiser_piece own = {.first = place,
                                      .decays =
                                          !(opt->options.keep_norm_bias && p->kind == PARAM_VECTOR),
                                      .is_body = place < params->first_head,
                                      .sleeps_first = place < params->first_awake};
        if (own.decays == run.decays && own.is_body == run.is_body &&
            own.sleeps_first == run.sleeps_first)
            continue;
        cut(opt, run, place);
        run = own;
    }
    cut(opt, run, opt->n);
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
    double learning_rate;
};

/* The arguments of a kernel for one piece. */
static struct kernels_adam adam_of(const struct optimiser_options *o,
                                   const struct optimiser_piece *p, double learning_rate,
                                   int64_t step)
{
    double bias1 = 1 - pow(o->beta1, (double)step), bias2 = 1 - pow(o->beta2, (double)step);
    return (struct kernels_adam){
        .beta2 = (float)o->beta2,
        .one_minus_beta1 = (float)(1 - o->beta1),
        .one_minus_beta2 = (float)(1 - o->beta2),
        .weight_decay = p->decays ? (float)o->weight_decay : 0,
        .shrink = p->decays ? (float)(1 - learning_rate * o->weight_decay) : 1,
        .step_size = (float)(learning_rate / bias1),
        .sqrt_bias2 = (float)sqrt(bias2),
        .epsilon = (float)o->epsilon,
    };
}

static struct kernels_sgd sgd_of(const struct optimiser_options *o, const struct optimiser_piece *p,
                                 double learning_rate)
{
    return (struct kernels_sgd){.learning_rate = (float)learning_rate,
                                .momentum = (float)o->momentum,
                                .weight_decay = p->decays ? (float)o->weight_decay : 0,
                                .nesterov = o->nesterov};
}

static void update_piece(void *context, int index, int worker)
{
    const struct job *j = context;
    const struct optimiser *opt = j->opt;
    const struct optimiser_options *o = &opt->options;
    const struct optimiser_piece *p = &opt->piece[index];
    const struct kernels *k = kernels_get();
    float *weight = j->params->data + p->first;
    const float *grad = j->params->grad + p->first;
    double rate = p->is_body ? j->learning_rate * o->body_factor : j->learning_rate;
    (void)worker;
    if (p->first < j->params->first_awake)
        return;
    if (o->kind == OPTIMISER_SGD) {
        struct kernels_sgd sgd = sgd_of(o, p, rate);
        k->sgd(weight, opt->m ? opt->m + p->first : NULL, grad, p->n, &sgd);
        return;
    }
    struct kernels_adam adam = adam_of(o, p, rate, p->sleeps_first ? opt->woken_step : opt->step);
    (o->kind == OPTIMISER_ADAM ? k->adam : k->adamw)(weight, opt->m + p->first, opt->v + p->first,
                                                     grad, p->n, &adam);
}

void optimiser_step(struct optimiser *opt, struct param_list *params, double learning_rate)
{
    struct job j = {opt, params, learning_rate};
    opt->step++;
    opt->woken_step += params->first_awake == 0;
    parallel_for(update_piece, &j, opt->n_pieces);
}

void optimiser_destroy(struct optimiser *opt)
{
    free(opt->m);
    free(opt->v);
    free(opt->piece);
    *opt = (struct optimiser){0};
}
