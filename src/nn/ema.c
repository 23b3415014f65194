#include "nn/ema.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Running statistics that move. */
static bool is_averaged(const struct param *p)
{
    return p->kind == PARAM_BUFFER && !p->frozen;
}

static size_t count_buffers(const struct param_list *params)
{
    size_t n = 0;
    for (int i = 0; i < params->n; i++)
        n += is_averaged(&params->item[i]) ? params->item[i].size : 0;
    return n;
}

/* Calls visit on each buffer of the network and its place in the average. */
static void each_buffer(const struct ema *ema, const struct param_list *params,
                        void (*visit)(float *average, float *values, size_t n, float share),
                        float share)
{
    float *average = ema->buffer;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (!is_averaged(p))
            continue;
        visit(average, p->data, p->size, share);
        average += p->size;
    }
}

static void copy(float *average, float *values, size_t n, float share)
{
    (void)share;
    memcpy(average, values, n * sizeof *values);
}

static void blend(float *average, float *values, size_t n, float share)
{
    kernels_get()->blend(average, values, n, share);
}

static void swap(float *average, float *values, size_t n, float share)
{
    (void)share;
    for (size_t i = 0; i < n; i++) {
        float kept = average[i];
        average[i] = values[i];
        values[i] = kept;
    }
}

enum status ema_create(struct ema *out, const struct param_list *params, double decay,
                       struct error *err)
{
    *out = (struct ema){
        .decay = decay, .n_weights = params->n_trained, .n_buffers = count_buffers(params)};
    out->weight = memory_array(out->n_weights, sizeof *out->weight, "average of the weights", err);
    if (out->weight && out->n_buffers > 0)
        out->buffer = memory_array(out->n_buffers, sizeof *out->buffer,
                                   "average of the running statistics", err);
    if (!out->weight || (out->n_buffers > 0 && !out->buffer)) {
        ema_destroy(out);
        return err->status;
    }
    copy(out->weight, params->data, out->n_weights, 0);
    each_buffer(out, params, copy, 0);
    return STATUS_OK;
}

struct job {
    const struct ema *ema;
    const struct param_list *params;
    float share;
};

static void blend_some(void *context, size_t first, size_t n)
{
    const struct job *j = context;
    blend(j->ema->weight + first, j->params->data + first, n, j->share);
}

void ema_update(struct ema *ema, const struct param_list *params, int64_t earlier_updates)
{
    double t = (double)earlier_updates;
    struct job j = {ema, params, (float)(1 - fmin(ema->decay, (1 + t) / (10 + t)))};
    parallel_floats(blend_some, &j, ema->n_weights, PARALLEL_FLOATS);
    each_buffer(ema, params, blend, j.share);
}

void ema_swap(struct ema *ema, struct param_list *params)
{
    swap(ema->weight, params->data, ema->n_weights, 0);
    each_buffer(ema, params, swap, 0);
}

void ema_destroy(struct ema *ema)
{
    free(ema->weight);
    free(ema->buffer);
    *ema = (struct ema){0};
}
