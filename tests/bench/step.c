/* The step of run/trainer_step.c without its rows and events. */
#include "step.h"

#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/loss.h"
#include "run/model_library.h"

#include <stdlib.h>

static const struct optimiser_options adam_options = {
    .kind = OPTIMISER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

static enum status create_buffers(struct step_network *s, struct error *err)
{
    size_t n = (size_t)s->batch, classes = (size_t)s->classes;
    enum status status;
    if ((status = memory_alloc((void **)&s->losses, n, sizeof(float), "losses", err)) ||
        (status = memory_alloc((void **)&s->weight, n, sizeof(float), "weights", err)) ||
        (status = memory_alloc((void **)&s->dlogits, n * classes, sizeof(float), "dlogits", err)) ||
        (status = memory_alloc((void **)&s->selected, n, sizeof(int), "selection", err)))
        return status;
    return memory_alloc((void **)&s->scratch, n, sizeof(int), "scratch", err);
}

enum status step_create(struct step_network *out, const char *model, int classes, int size,
                        int batch, const char *k, double learning_rate, int n_threads,
                        struct error *err)
{
    struct model_spec spec;
    struct model_options opt = {
        .classes = classes, .size = size, .max_batch = batch, .training = true};
    struct atk_k share;
    *out =
        (struct step_network){.batch = batch, .classes = classes, .learning_rate = learning_rate};
    gemm_start();
    enum status status;
    if ((status = model_library_find(&spec, model, err)) || (status = atk_parse(&share, k, err)) ||
        (status = parallel_start(n_threads, err)) ||
        (status = model_create(&out->model, &spec, &opt, err)) ||
        (status = optimiser_create(&out->adam, model_params(out->model), &adam_options, err)) ||
        (status = create_buffers(out, err))) {
        step_destroy(out);
        return status;
    }
    out->k = atk_resolve(&share, batch);
    model_init(out->model, 0);
    return STATUS_OK;
}

void step_run(struct step_network *s, const float *x, const int *label)
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
