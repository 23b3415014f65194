/* The step of run/train/trainer_step.c without its rows and events. */
#include "step.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/loss.h"
#include "run/files/model_library.h"

#include <stdlib.h>

static const struct optimiser_options adam_options = {
    .kind = OPTIMISER_ADAM, .body_factor = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

static enum status create_buffers(struct step_network *s, struct error *err)
{
    size_t n = (size_t)s->batch, classes = (size_t)s->classes;
    s->losses = memory_array(n, sizeof *s->losses, "losses", err);
    if (!s->losses)
        return err->status;
    s->weight = memory_array(n, sizeof *s->weight, "weights", err);
    if (!s->weight)
        return err->status;
    s->dlogits = memory_array(n * classes, sizeof *s->dlogits, "dlogits", err);
    if (!s->dlogits)
        return err->status;
    s->selected = memory_array(n, sizeof *s->selected, "selection", err);
    if (!s->selected)
        return err->status;
    s->scratch = memory_array(n, sizeof *s->scratch, "scratch", err);
    return s->scratch ? STATUS_OK : err->status;
}

static enum status create_training(struct step_network *s, struct error *err)
{
    enum status status = optimiser_create(&s->adam, model_params(s->model), &adam_options, err);
    return status == STATUS_OK ? create_buffers(s, err) : status;
}

enum status step_create(struct step_network *out, const struct step_options *opt, struct error *err)
{
    struct model_spec spec;
    struct model_options network = {.classes = opt->classes,
                                    .size = opt->size,
                                    .max_batch = opt->batch,
                                    .training = !opt->inference,
                                    .freeze_batch_norm = opt->freeze_batch_norm,
                                    .keeps_halves = opt->keeps_halves,
                                    .train = opt->train};
    struct atk_k share;
    *out = (struct step_network){
        .batch = opt->batch, .classes = opt->classes, .learning_rate = opt->learning_rate};
    gemm_start(1, &(struct error){0});
    if (model_library_find(&spec, opt->model, err) != STATUS_OK ||
        atk_parse(&share, opt->k, err) != STATUS_OK ||
        parallel_start(opt->n_threads, err) != STATUS_OK ||
        model_create(&out->model, &spec, &network, err) != STATUS_OK ||
        (!opt->inference && create_training(out, err) != STATUS_OK)) {
        step_destroy(out);
        return err->status;
    }
    out->k = atk_resolve(&share, opt->batch);
    model_init(out->model, 0);
    return STATUS_OK;
}

static void train(struct step_network *s, const float *x, const int *label)
{
    const float *logits = model_forward(s->model, x, s->batch, MODEL_TRAIN);
    loss_cross_entropy(s->losses, s->dlogits, NULL, logits, label, s->batch, s->classes, NULL);
    int k = atk_select(s->weight, s->selected, s->losses, s->batch, s->k, s->scratch);
    s->loss = atk_mean(s->losses, s->selected, k);
    for (int i = 0; i < s->batch * s->classes; i++)
        s->dlogits[i] *= s->weight[i / s->classes];
    model_backward(s->model, s->dlogits, s->selected, k);
    optimiser_step(&s->adam, model_params(s->model), s->learning_rate);
}

void step_run(struct step_network *s, const float *x, const int *label)
{
    if (model_options(s->model)->training)
        train(s, x, label);
    else
        model_forward(s->model, x, s->batch, MODEL_EVAL);
}

void step_destroy(struct step_network *s)
{
    free(s->losses);
    free(s->weight);
    free(s->dlogits);
    free(s->selected);
    free(s->scratch);
    optimiser_destroy(&s->adam);
    model_destroy(s->model);
    parallel_stop();
    *s = (struct step_network){0};
}
