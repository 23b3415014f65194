/* Counting and handing out; see build.h. */
#include "nn/build.h"

#include <stdio.h>
#include <string.h>

enum { FLOATS_IN_LINE = MEMORY_ALIGNMENT / sizeof(float) };

static size_t whole_lines(size_t floats)
{
    return (floats + FLOATS_IN_LINE - 1) / FLOATS_IN_LINE * FLOATS_IN_LINE;
}

struct param *build_param(struct build *b, enum param_kind kind, const char *layer,
                          const char *suffix, int d0, int d1, int d2, int d3)
{
    struct param p = {.kind = kind, .dim = {d0, d1, d2, d3}};
    snprintf(p.name, sizeof p.name, "%s.%s", layer, suffix);
    p.size = kind == PARAM_COUNTER ? 0 : 1;
    while (p.n_dims < 4 && p.dim[p.n_dims] > 0)
        p.size *= p.dim[p.n_dims++];
    size_t *used = kind == PARAM_BUFFER ? &b->n_buffers : &b->n_trained;
    float *family = kind == PARAM_BUFFER ? b->buffers : b->data;
    if (family && p.size > 0) {
        p.data = family + *used;
        if (b->grad && kind != PARAM_BUFFER)
            p.grad = b->grad + *used;
    }
    *used += whole_lines(p.size);
    int index = b->n_params++;
    if (!b->param)
        return NULL;
    b->param[index] = p;
    return &b->param[index];
}

void build_layer(struct build *b, const char *name, const char *description, int height, int width,
                 int channels, int64_t parameters, int64_t multiply_adds)
{
    struct model_summary *s = b->summary;
    if (!s || b->error.status != STATUS_OK)
        return;
    size_t capacity = s->n_layers;
    if (memory_grow((void **)&s->layer, &capacity, s->n_layers + 1, sizeof *s->layer, "layer table",
                    &b->error) != STATUS_OK)
        return;
    struct model_layer *l = &s->layer[s->n_layers++];
    memset(l, 0, sizeof *l);
    snprintf(l->name, sizeof l->name, "%s", name);
    snprintf(l->description, sizeof l->description, "%s", description);
    l->height = height;
    l->width = width;
    l->channels = channels;
    l->parameters = parameters;
    l->multiply_adds = multiply_adds;
    s->parameters += parameters;
    s->multiply_adds += multiply_adds;
}

void build_layer_method(struct build *b, const struct conv2d_plan *plan)
{
    struct model_summary *s = b->summary;
    if (!s || b->error.status != STATUS_OK)
        return;
    struct model_layer *l = &s->layer[s->n_layers - 1];
    conv2d_plan_text(l->method, sizeof l->method, plan);
}

void build_need(size_t *have, size_t needed)
{
    if (needed > *have)
        *have = whole_lines(needed);
}
