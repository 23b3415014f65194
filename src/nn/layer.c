/* Counting and handing out; see layer.h. */
#include "nn/layer.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { FLOATS_IN_LINE = MEMORY_ALIGNMENT / sizeof(float) };

static size_t whole_lines(size_t floats)
{
    return (floats + FLOATS_IN_LINE - 1) / FLOATS_IN_LINE * FLOATS_IN_LINE;
}

int layer_usual_padding(int kernel)
{
    return kernel % 2 ? (kernel - 1) / 2 : 0;
}

/* Zeros on both sides together. */
static int same_padding(int in, int kernel, int stride)
{
    int out = (in + stride - 1) / stride, total = (out - 1) * stride + kernel - in;
    return total > 0 ? total : 0;
}

int layer_padding_before(int in, int kernel, int stride, int padding)
{
    return padding == LAYER_PADDING_SAME ? same_padding(in, kernel, stride) / 2 : padding;
}

int layer_out_size(int in, int kernel, int stride, int padding)
{
    if (padding == LAYER_PADDING_SAME)
        return (in + stride - 1) / stride;
    return in + 2 * padding < kernel ? 0 : (in + 2 * padding - kernel) / stride + 1;
}

struct param *layer_param(struct build *b, const char *layer, const char *suffix, struct param p)
{
    snprintf(p.name, sizeof p.name, "%s.%s", layer, suffix);
    p.size = p.kind == PARAM_COUNTER ? 0 : 1;
    while (p.n_dims < 4 && p.dim[p.n_dims] > 0)
        p.size *= (size_t)p.dim[p.n_dims++];
    size_t *used = p.kind == PARAM_BUFFER ? &b->n_buffers : &b->n_trained;
    float *family = p.kind == PARAM_BUFFER ? b->buffers : b->data;
    if (family && p.size > 0)
        p.data = family + *used;
    *used += whole_lines(p.size);
    p.frozen = !b->training;
    if (b->training && p.size > 0 && p.kind != PARAM_BUFFER) {
        p.grad = b->grad ? b->grad + b->n_grads : NULL;
        b->n_grads += whole_lines(p.size);
    }
    int index = b->n_params++;
    if (!b->param)
        return NULL;
    b->param[index] = p;
    return &b->param[index];
}

struct tensor layer_add_row(struct build *b, const char *name, struct layer_row row)
{
    struct tensor out = {row.out, b->n_rows++};
    struct layer_table *t = b->table;
    if (!t || b->error.status != STATUS_OK)
        return out;
    struct layer_row *rows = memory_grown(t->row, &t->capacity, (size_t)t->n + 1, sizeof *rows,
                                          "layer table", &b->error);
    if (!rows)
        return out;
    t->row = rows;
    row.first_param = b->n_params - row.n_params;
    snprintf(row.name, sizeof row.name, "%s", name);
    t->row[t->n++] = row;
    return out;
}

void layer_describe(char *out, size_t size, const struct layer_row *r)
{
    switch (r->operation) {
    case LAYER_CONV:
        snprintf(out, size, "%s %dx%d/%d %d->%d", r->groups > 1 ? "depthwise" : "conv", r->kernel,
                 r->kernel, r->stride, r->in.channels, r->out.channels);
        break;
    case LAYER_NORM:
        if (r->norm.kind == NORM_GROUP)
            snprintf(out, size, "group norm, %d groups", r->norm.groups);
        else
            snprintf(out, size, "%s", r->norm.kind == NORM_BATCH ? "batch norm" : "no norm");
        break;
    case LAYER_MAX_POOL:
        snprintf(out, size, "max pool %dx%d/%d", r->kernel, r->kernel, r->stride);
        break;
    case LAYER_AVERAGE_POOL:
        if (r->kernel > 0)
            snprintf(out, size, "average pool %dx%d/%d", r->kernel, r->kernel, r->stride);
        else
            snprintf(out, size, "average pool");
        break;
    case LAYER_LINEAR:
        snprintf(out, size, "linear %d->%d", r->in.channels, r->out.channels);
        break;
    case LAYER_SUM:
        snprintf(out, size, "sum");
        break;
    case LAYER_CONCAT:
        snprintf(out, size, "concatenation of %d", r->n_parts + 1);
        break;
    }
}
