/* A whole network in double precision, over the parameter table of a model: forward only; its
 * gradient comes from finite differences. */
#ifndef TESTS_NN_REFERENCE_MODEL_H
#define TESTS_NN_REFERENCE_MODEL_H

#include "nn/model.h"

#include "nn/reference.h"

struct reference_model {
    const struct model_spec *spec;
    const struct param_list *params;
    double **value; /* [params->n]: the table's data in double, in its layout */
    const double *x;
    const int *label;
    int batch, size, classes;
    int next; /* of the table, while walking */
};

struct reference_map {
    double *v; /* [batch, side, side, channels] */
    int side, channels;
};

static inline size_t reference_map_floats(const struct reference_model *m, struct reference_map a)
{
    return (size_t)m->batch * a.side * a.side * a.channels;
}

/* Convolution and norm; the input stays. */
static inline struct reference_map reference_unit(struct reference_model *m, struct reference_map x,
                                                  int width, int kernel, int stride)
{
    int side, pad = reference_padding(&side, x.side, kernel, stride, m->spec->same_padding);
    const struct reference_conv c = {x.side, x.side, x.channels, side, side,
                                     width,  kernel, stride,     pad,  pad};
    struct reference_map y = {NULL, side, width};
    y.v = close_doubles(reference_map_floats(m, y));
    const double *w = m->value[m->next++];
    for (int i = 0; i < m->batch; i++)
        reference_conv_forward(&c, y.v + i * reference_out_floats(&c),
                               x.v + i * reference_in_floats(&c), w);
    if (m->spec->norm.kind != NORM_NONE) {
        reference_norm(y.v, m->value[m->next], m->value[m->next + 1], &m->spec->norm, m->batch,
                       (size_t)side * side, width);
        m->next += m->spec->norm.kind == NORM_BATCH ? 5 : 2;
    }
    return y;
}

static inline void reference_activate(struct reference_model *m, struct reference_map x)
{
    reference_activation(x.v, reference_map_floats(m, x), m->spec->activation);
}

static inline struct reference_map reference_block(struct reference_model *m,
                                                   struct reference_map x, int width, int stride)
{
    struct reference_map inner = reference_unit(m, x, width, 3, stride);
    reference_activate(m, inner);
    struct reference_map y = reference_unit(m, inner, width, 3, 1), shortcut = x;
    free(inner.v);
    if (stride != 1 || x.channels != width) {
        shortcut = reference_unit(m, x, width, 1, stride);
        free(x.v);
    }
    for (size_t i = 0; i < reference_map_floats(m, y); i++)
        y.v[i] += shortcut.v[i];
    free(shortcut.v);
    reference_activate(m, y);
    return y;
}

/* Convolution, norm and activation; frees the input. */
static inline struct reference_map reference_layer(struct reference_model *m,
                                                   struct reference_map x, int width, int kernel,
                                                   int stride)
{
    struct reference_map y = reference_unit(m, x, width, kernel, stride);
    free(x.v);
    reference_activate(m, y);
    return y;
}

static inline struct reference_map reference_stem(struct reference_model *m)
{
    struct reference_map x = {NULL, m->size, 3};
    x.v = close_doubles(reference_map_floats(m, x));
    for (size_t i = 0; i < reference_map_floats(m, x); i++)
        x.v[i] = m->x[i];
    for (int i = 0; i < m->spec->n_stem; i++) {
        const struct conv_spec *c = &m->spec->stem[i];
        x = reference_layer(m, x, c->width, c->kernel, c->stride);
    }
    int kernel = m->spec->pool.kernel, stride = m->spec->pool.stride, side;
    if (kernel == 0)
        return x;
    int pad = reference_padding(&side, x.side, kernel, stride, m->spec->same_padding);
    struct reference_map y = {NULL, side, x.channels};
    y.v = close_doubles(reference_map_floats(m, y));
    for (int i = 0; i < m->batch; i++)
        reference_max_pool(y.v + (size_t)i * y.side * y.side * y.channels,
                           x.v + (size_t)i * x.side * x.side * x.channels, x.side, x.side,
                           x.channels, y.side, y.side, kernel, stride, pad);
    free(x.v);
    return y;
}

/* logits [batch, classes]. */
static inline void reference_logits(struct reference_model *m, double *logits)
{
    m->next = 0;
    struct reference_map x = reference_stem(m);
    for (int i = 0; i < m->spec->n_stages; i++)
        for (int j = 0; j < m->spec->stage[i].blocks; j++)
            x = reference_block(m, x, m->spec->stage[i].width,
                                j == 0 ? m->spec->stage[i].stride : 1);
    if (m->spec->head_width > 0)
        x = reference_layer(m, x, m->spec->head_width, 1, 1);
    double *pooled = close_doubles(x.channels);
    size_t pixels = (size_t)x.side * x.side;
    for (int i = 0; i < m->batch; i++) {
        reference_average_pool(pooled, x.v + i * pixels * x.channels, pixels, x.channels);
        reference_linear(logits + i * m->classes, pooled, m->value[m->next], m->value[m->next + 1],
                         x.channels, m->classes);
    }
    free(pooled);
    free(x.v);
}

static inline void reference_model_create(struct reference_model *m, const struct model_spec *spec,
                                          const struct param_list *params)
{
    m->spec = spec;
    m->params = params;
    m->value = malloc(params->n * sizeof *m->value);
    assert_non_null(m->value);
    for (int i = 0; i < params->n; i++)
        m->value[i] = close_to_double(params->item[i].data, params->item[i].size);
}

static inline void reference_model_destroy(struct reference_model *m)
{
    for (int i = 0; i < m->params->n; i++)
        free(m->value[i]);
    free(m->value);
}

#endif
