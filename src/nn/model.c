/* Composition: stem, pool, blocks, global average, classifier. Built twice by the same code
 * (nn/build.h), run forward and backward by hand: there is no graph. */
#include "nn/model.h"

#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/block.h"
#include "nn/linear.h"
#include "nn/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model {
    struct model_spec spec;
    struct model_options options;
    struct arena parameters, activations;
    struct param_list params;
    struct workspace workspace;

    struct conv_norm stem[MODEL_MAX_STEM];
    float *stem_y[MODEL_MAX_STEM]; /* NULL without training (workspace) */
    struct max_pool pool;
    struct block *block;
    int n_blocks;
    struct linear head;

    float *pooled, *logits,
        *dpooled;       /* [max_batch, features], [max_batch, classes], [max_batch, features] */
    int *all;           /* 0, 1, ... max_batch - 1 */
    size_t last_pixels; /* of the last block's output */
    const float *x;     /* of the last forward */
    int batch;
};

static int count_blocks(const struct model_spec *spec)
{
    int n = 0;
    for (int i = 0; i < spec->n_stages; i++)
        n += spec->stage[i].blocks;
    return n;
}

/* Height = width and channels of the activation that the next layer gets, and how many there were:
 * neighbours alternate between two buffers without training. */
struct flow {
    int size, channels, count;
};

static void build_stem(struct model *m, struct build *b, struct flow *f)
{
    const struct model_spec *spec = &m->spec;
    for (int i = 0; i < spec->n_stem; i++) {
        /* As torchvision's and timm's stems: conv1 and bn1; deep ones conv1.0, conv1.1 (norm),
         * conv1.3, ... with bn1 last. */
        char conv[32] = "conv1", norm[32] = "bn1";
        if (spec->n_stem > 1)
            snprintf(conv, sizeof conv, "conv1.%d", 3 * i);
        if (i + 1 < spec->n_stem)
            snprintf(norm, sizeof norm, "conv1.%d", 3 * i + 1);
        const struct conv_spec *c = &spec->stem[i];
        conv_norm_build(&m->stem[i], b, spec, conv, norm, f->size, f->size, f->channels, c->width,
                        c->kernel, c->stride);
        *f = (struct flow){m->stem[i].conv.out_h, c->width, f->count + 1};
        size_t floats = conv_norm_out_floats(&m->stem[i]) * b->max_batch;
        /* What only the pool reads is not kept: backward finds all that it needs in the pool's
         * output. */
        bool keep = b->training && !(spec->pool_kernel > 0 && i + 1 == spec->n_stem);
        m->stem_y[i] = keep ? arena_floats(b->activations, floats) : NULL;
        if (!b->training)
            build_need(&b->workspace->output_floats, floats);
    }
    if (spec->pool_kernel > 0) {
        pool_max_build(&m->pool, b, f->size, f->size, f->channels, spec->pool_kernel,
                       spec->pool_stride, f->count % 2);
        f->size = m->pool.shape.out_height;
        f->count++;
    }
}

static void build_stages(struct model *m, struct build *b, struct flow *f)
{
    int n = 0;
    for (int i = 0; i < m->spec.n_stages; i++) {
        const struct stage_spec *s = &m->spec.stage[i];
        for (int j = 0; j < s->blocks; j++, n++) {
            char name[32];
            snprintf(name, sizeof name, "layer%d.%d", i + 1, j);
            block_build(&m->block[n], b, &m->spec, name, f->count % 2, f->size, f->size,
                        f->channels, s->width, j == 0 ? s->stride : 1);
            *f = (struct flow){m->block[n].first.conv.out_h, s->width, f->count + 1};
        }
    }
    m->n_blocks = n;
    m->last_pixels = (size_t)f->size * f->size;
}

/* Walks as model_backward does, to size the two gradient buffers: the stem's activations are
 * several times larger than all others, and mostly need one buffer only. */
static void need_gradients(struct model *m, struct workspace *w, int max_batch)
{
    int g = 0;
    for (int i = m->n_blocks - 1; i >= 0; i--) {
        const struct block *k = &m->block[i];
        const struct conv2d *c = &k->first.conv;
        build_need(&w->gradient_floats[g], conv_norm_out_floats(&k->second) * max_batch);
        build_need(&w->gradient_floats[!g], conv_norm_out_floats(&k->first) * max_batch);
        g = k->has_shortcut ? !g : g;
        build_need(&w->gradient_floats[g], (size_t)c->in_h * c->in_w * c->in_c * max_batch);
    }
    if (m->spec.pool_kernel > 0)
        g = !g;
    for (int i = m->spec.n_stem - 1; i >= 0; i--, g = !g)
        build_need(&w->gradient_floats[g], conv_norm_out_floats(&m->stem[i]) * max_batch);
}

static void take_workspace(struct workspace *w, struct arena *a)
{
    w->tile = arena_floats(a, w->tile_floats * (size_t)parallel_threads());
    w->partial = arena_floats(a, w->partial_floats);
    w->packed = arena_floats(a, w->packed_floats);
    w->transformed = arena_floats(a, w->transformed_floats);
    w->stats = arena_take(a, w->stats_doubles, sizeof *w->stats);
    w->conv_out = arena_floats(a, w->conv_out_floats);
    w->inner = arena_floats(a, w->inner_floats);
    for (int i = 0; i < 2; i++) {
        w->output[i] = arena_floats(a, w->output_floats);
        w->gradient[i] = arena_floats(a, w->gradient_floats[i]);
    }
}

/* One pass of nn/build.h. The smallest activation must not vanish. */
static enum status build_all(struct model *m, struct build *b, struct error *err)
{
    struct flow flow = {m->options.size, 3, 0};
    build_stem(m, b, &flow);
    build_stages(m, b, &flow);
    if (m->last_pixels == 0)
        return error_usage(err, "pictures of %d x %d are too small for this network",
                           m->options.size, m->options.size);
    linear_build(&m->head, b, "fc", flow.channels, m->options.classes);
    m->pooled = arena_floats(b->activations, (size_t)b->max_batch * flow.channels);
    m->dpooled = arena_floats(b->activations, (size_t)b->max_batch * flow.channels);
    m->logits = arena_floats(b->activations, (size_t)b->max_batch * m->options.classes);
    m->all = arena_take(b->activations, b->max_batch, sizeof *m->all);
    if (b->training)
        need_gradients(m, b->workspace, b->max_batch);
    take_workspace(b->workspace, b->activations);
    if (b->error.status != STATUS_OK)
        *err = b->error;
    return b->error.status;
}

/* The first pass: sizes into *b and m->activations. */
static enum status measure(struct model *m, struct build *b, const struct model_spec *spec,
                           const struct model_options *opt, struct model_summary *summary,
                           struct error *err)
{
    if (model_spec_check(spec, err) != STATUS_OK)
        return err->status;
    m->spec = *spec;
    m->options = *opt;
    if (memory_alloc((void **)&m->block, count_blocks(spec), sizeof *m->block, "network", err) !=
        STATUS_OK)
        return err->status;
    *b = (struct build){.activations = &m->activations,
                        .workspace = &m->workspace,
                        .max_batch = opt->max_batch,
                        .training = opt->training,
                        .freeze_batch_norm = opt->freeze_batch_norm,
                        .convolutions = opt->convolutions,
                        .summary = summary};
    return build_all(m, b, err);
}

/* Parameters' memory: the table, and the families of data, gradients and buffers. */
static void take_parameters(struct model *m, struct build *b, const struct build *sizes)
{
    struct arena *a = &m->parameters;
    b->param = arena_take(a, sizes->n_params, sizeof *b->param);
    b->data = arena_floats(a, sizes->n_trained);
    b->grad = m->options.training ? arena_floats(a, sizes->n_trained) : NULL;
    b->buffers = arena_floats(a, sizes->n_buffers);
}

static enum status create(struct model *m, const struct model_spec *spec,
                          const struct model_options *opt, struct error *err)
{
    struct build sizes, b;
    if (measure(m, &sizes, spec, opt, NULL, err) != STATUS_OK)
        return err->status;
    b = (struct build){.activations = &m->activations,
                       .workspace = &m->workspace,
                       .max_batch = opt->max_batch,
                       .training = opt->training,
                       .freeze_batch_norm = opt->freeze_batch_norm,
                       .convolutions = opt->convolutions};
    take_parameters(m, &b, &sizes);
    if (arena_commit(&m->parameters, "network's parameters", err) != STATUS_OK ||
        arena_commit(&m->activations, "network's activations", err) != STATUS_OK)
        return err->status;
    take_parameters(m, &b, &sizes);
    if (build_all(m, &b, err) != STATUS_OK)
        return err->status;
    m->params = (struct param_list){b.param, b.n_params, b.data, b.grad, b.n_trained};
    for (int i = 0; i < opt->max_batch; i++)
        m->all[i] = i;
    return STATUS_OK;
}

enum status model_create(struct model **out, const struct model_spec *spec,
                         const struct model_options *opt, struct error *err)
{
    *out = NULL;
    gemm_start();
    struct model *m;
    if (memory_alloc((void **)&m, 1, sizeof *m, "network", err) != STATUS_OK)
        return err->status;
    if (create(m, spec, opt, err) != STATUS_OK) {
        model_destroy(m);
        return err->status;
    }
    *out = m;
    return STATUS_OK;
}

void model_destroy(struct model *m)
{
    if (!m)
        return;
    arena_destroy(&m->parameters);
    arena_destroy(&m->activations);
    free(m->block);
    free(m);
}

enum status model_summarise(struct model_summary *out, const struct model_spec *spec,
                            const struct model_options *opt, struct error *err)
{
    memset(out, 0, sizeof *out);
    struct model *m;
    if (memory_alloc((void **)&m, 1, sizeof *m, "network", err) != STATUS_OK)
        return err->status;
    struct build b;
    enum status status = measure(m, &b, spec, opt, out, err);
    if (status == STATUS_OK) {
        out->parameter_bytes =
            (b.n_trained + b.n_buffers) * sizeof(float) + b.n_params * sizeof(struct param);
        out->gradient_bytes = opt->training ? b.n_trained * sizeof(float) : 0;
        out->activation_bytes = m->activations.peak;
    } else {
        model_summary_free(out);
    }
    model_destroy(m);
    return status;
}

void model_summary_free(struct model_summary *s)
{
    free(s->layer);
    memset(s, 0, sizeof *s);
}

/* Where the i-th convolution of the stem puts its output. The last one before a pool borrows a
 * gradient buffer. */
static float *stem_output(const struct model *m, int i)
{
    const struct workspace *w = &m->workspace;
    if (m->stem_y[i])
        return m->stem_y[i];
    if (!m->options.training)
        return w->output[i % 2];
    return w->gradient[w->gradient_floats[1] > w->gradient_floats[0]];
}

const float *model_forward(struct model *m, const float *x, int batch, enum model_mode mode)
{
    struct samples all = {m->all, batch};
    const float *y = x;
    m->x = x;
    m->batch = batch;
    for (int i = 0; i < m->spec.n_stem; i++) {
        float *out = stem_output(m, i);
        conv_norm_forward(&m->stem[i], out, y, NULL, all, mode, true);
        y = out;
    }
    if (m->spec.pool_kernel > 0)
        y = pool_max_forward(&m->pool, y, all);
    for (int i = 0; i < m->n_blocks; i++)
        y = block_forward(&m->block[i], y, all, mode);
    pool_average_forward(m->pooled, y, all, m->last_pixels, m->head.in);
    linear_forward(&m->head, m->logits, m->pooled, all);
    return m->logits;
}

/* What block i (or -1: the pool) got as its input. */
static const float *block_input(const struct model *m, int i)
{
    if (i > 0)
        return m->block[i - 1].y;
    return m->spec.pool_kernel > 0 ? m->pool.y : m->stem_y[m->spec.n_stem - 1];
}

void model_backward(struct model *m, const float *dlogits, const int *selected, int n_selected)
{
    struct samples samples = {selected, n_selected};
    if (m->options.full_backward || !model_samples_independent(m))
        samples = (struct samples){m->all, m->batch};
    float *g = m->workspace.gradient[0], *other = m->workspace.gradient[1];

    linear_backward(&m->head, m->dpooled, dlogits, m->pooled, samples);
    pool_average_backward(g, m->dpooled, samples, m->last_pixels, m->head.in);
    for (int i = m->n_blocks - 1; i >= 0; i--) {
        float *dx = block_backward(&m->block[i], g, other, block_input(m, i), samples);
        other = dx == g ? other : g;
        g = dx;
    }
    if (m->spec.pool_kernel > 0) {
        pool_max_relu_backward(&m->pool, g, samples);
        pool_max_backward(&m->pool, other, g, samples);
        float *dx = other;
        other = g;
        g = dx;
    }
    for (int i = m->spec.n_stem - 1; i >= 0; i--) {
        const float *x = i > 0 ? m->stem_y[i - 1] : m->x;
        conv_norm_backward(&m->stem[i], i > 0 ? other : NULL, g, m->stem_y[i], x, samples, false);
        float *dx = other;
        other = g;
        g = dx;
    }
}

bool model_samples_independent(const struct model *m)
{
    return m->spec.norm != NORM_BATCH || m->options.freeze_batch_norm;
}

struct param_list *model_params(struct model *m)
{
    return &m->params;
}

const struct model_options *model_options(const struct model *m)
{
    return &m->options;
}

const struct model_spec *model_spec(const struct model *m)
{
    return &m->spec;
}
