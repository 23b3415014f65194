/* Built twice by the same code (nn/layer.h), run forward and backward block by block: there is no
 * graph. What blocks keep is taken from `activations`; all else that they need has its place in the
 * same memory by nn/memory_plan.h, `scratch` being a window on it. */
#include "nn/model.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "math/gemm.h"
#include "nn/block_list.h"
#include "nn/cam.h"
#include "nn/linear.h"
#include "nn/memory_plan.h"
#include "nn/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct model {
    struct model_spec spec;
    struct model_options options;
    struct arena parameters, activations, scratch, outputs;
    struct param_list params;
    struct block_list blocks;
    struct memory_plan_block *plan; /* [blocks.n] */
    struct linear classifier;
    struct shape last; /* of the last block's output */
    /* The lowest block that learns, in the run and now; blocks.n: the classifier alone does. */
    int lowest, lowest_now;

    float *pooled, *logits,
        *dpooled;   /* [max_batch, features], [max_batch, classes], [max_batch, features] */
    int *all;       /* 0, 1, ... max_batch - 1 */
    const float *x; /* of the last forward */
    int batch;
    enum model_mode mode;
    atomic_ullong n_saturated;
};

/* One pass of nn/layer.h. */
static enum status build_all(struct model *m, struct build *b, struct error *err)
{
    if (block_list_build(&m->blocks, b, &m->spec, m->options.size, m->lowest, err) != STATUS_OK)
        return err->status;
    struct tensor last = m->blocks.item[m->blocks.n - 1]->out;
    m->last = last.shape;
    linear_build(&m->classifier, b, m->spec.block->names->classifier,
                 (struct tensor){{1, 1, m->last.channels}, last.row}, m->options.classes);
    size_t batch = (size_t)b->max_batch, features = (size_t)m->classifier.in;
    m->pooled = arena_floats(&m->outputs, batch * features);
    m->dpooled = arena_floats(&m->outputs, batch * features);
    m->logits = arena_floats(&m->outputs, batch * (size_t)m->options.classes);
    m->all = arena_take(&m->outputs, batch, sizeof *m->all);
    if (b->error.status != STATUS_OK)
        *err = b->error;
    return b->error.status;
}

static struct build start_build(struct model *m, struct layer_table *table)
{
    return (struct build){.activations = &m->activations,
                          .scratch = &m->scratch,
                          .max_batch = m->options.max_batch,
                          .training = m->options.training,
                          .freeze_batch_norm = m->options.freeze_batch_norm,
                          .keeps_halves = m->options.keeps_halves,
                          .n_saturated = &m->n_saturated,
                          .convolutions = m->options.convolutions,
                          .table = table};
}

/* What an arena takes for them. */
static size_t bytes_of(size_t floats)
{
    struct arena a = {0};
    arena_floats(&a, floats);
    return a.overflow ? SIZE_MAX : a.used;
}

/* What block i read in forward, for its backward; what it takes is given back with the scratch
 * memory of the pass. */
static const float *input_of(struct model *m, int i, struct samples samples)
{
    return i > 0 ? kept_read(&m->blocks.item[i - 1]->y, samples, &m->scratch) : m->x;
}

/* The scratch memory of block i in each direction. It measures, so that nothing is computed, and
 * what lies at the given places is not read. */
static void measure_block(struct model *m, int i, float *const place[3])
{
    struct samples all = {NULL, m->options.max_batch};
    struct memory_plan_block *p = &m->plan[i];
    struct block *k = m->blocks.item[i];
    bool learns = m->options.training && i >= m->lowest;
    size_t mark = m->scratch.used;

    m->scratch.peak = mark;
    float *y = k->y.values ? k->y.values : place[0];
    k->kind->forward(k, y, place[1], all, MODEL_EVAL);
    if (learns)
        k->kind->forward(k, y, place[1], all, MODEL_TRAIN);
    p->forward_scratch = m->scratch.peak - mark;
    m->scratch.peak = mark;
    if (learns) {
        input_of(m, i, all);
        k->kind->backward(k, place[0], place[2], place[1], all, i > m->lowest);
        arena_release(&m->scratch, mark);
    }
    p->backward_scratch = m->scratch.peak - mark;
}

/* Under AddressSanitizer nothing lies where a block keeps something: what it says of an array
 * holds until the array is taken again. */
static void plan_memory(struct model *m)
{
    size_t batch = (size_t)m->options.max_batch;
    float *place[3];

    for (int i = 0; i < 3; i++)
        place[i] = arena_floats(&m->scratch, 1);
    for (int i = 0; i < m->blocks.n; i++) {
        const struct block *k = m->blocks.item[i];
        struct memory_plan_block *p = &m->plan[i];
        p->kept_end = ARENA_GAP > 0 ? m->activations.used : k->kept_end;
        p->out = k->y.values ? 0 : bytes_of(shape_floats(k->out.shape) * batch);
        p->returns_in_g = k->returns_in_g;
        for (int j = 0; j < 2; j++)
            p->gradient[j] = bytes_of(k->gradient_floats[j] * batch);
        measure_block(m, i, place);
    }
    int lowest = m->options.training ? m->lowest : m->blocks.n;
    size_t bytes = memory_plan_place(m->plan, m->blocks.n, lowest);
    arena_reserve(&m->activations, m->scratch.overflow ? SIZE_MAX : bytes);
}

/* The first pass: sizes into *b and the arenas. */
static enum status measure(struct model *m, struct build *b, const struct model_spec *spec,
                           const struct model_options *opt, struct layer_table *table,
                           struct error *err)
{
    if (model_spec_check(spec, err) != STATUS_OK)
        return err->status;
    m->spec = *spec;
    m->options = *opt;
    m->activations.shows_addresses = m->scratch.shows_addresses = true;
    if (block_list_create(&m->blocks, spec, err) != STATUS_OK ||
        block_list_find(&m->lowest_now, &m->blocks, opt->train, err) != STATUS_OK)
        return err->status;
    m->plan = memory_array((size_t)m->blocks.n, sizeof *m->plan, "network", err);
    if (!m->plan)
        return err->status;
    m->lowest = opt->unfreezes ? 0 : m->lowest_now;
    *b = start_build(m, table);
    if (build_all(m, b, err) != STATUS_OK)
        return err->status;
    plan_memory(m);
    return STATUS_OK;
}

/* Parameters' memory: the table, and the families of data, gradients and buffers. */
static void take_parameters(struct model *m, struct build *b, const struct build *sizes)
{
    struct arena *a = &m->parameters;
    b->param = arena_take(a, (size_t)sizes->n_params, sizeof *b->param);
    b->data = arena_floats(a, sizes->n_trained);
    b->grad = m->options.training ? arena_floats(a, sizes->n_grads) : NULL;
    b->buffers = arena_floats(a, sizes->n_buffers);
}

static void list_parameters(struct model *m, const struct build *b)
{
    float *learning = b->data + (b->n_trained - b->n_grads);
    size_t head = (size_t)(m->classifier.weight->data - b->data);
    size_t awake =
        m->lowest_now < m->blocks.n
            ? (size_t)(b->param[m->blocks.item[m->lowest_now]->first_param].data - b->data)
            : head;
    size_t frozen = b->n_trained - b->n_grads;
    m->params = (struct param_list){.item = b->param,
                                    .n = b->n_params,
                                    .data = learning,
                                    .grad = b->grad,
                                    .n_trained = b->n_grads,
                                    .first_awake = m->options.training ? awake - frozen : 0,
                                    .first_head = m->options.training ? head - frozen : 0,
                                    .all = b->data,
                                    .n_all = b->n_trained};
}

static enum status create(struct model *m, const struct model_spec *spec,
                          const struct model_options *opt, struct error *err)
{
    struct build sizes;
    if (measure(m, &sizes, spec, opt, NULL, err) != STATUS_OK)
        return err->status;
    struct build b = start_build(m, NULL);
    take_parameters(m, &b, &sizes);
    if (arena_commit(&m->parameters, "network's parameters", err) != STATUS_OK ||
        arena_commit(&m->outputs, "network's outputs", err) != STATUS_OK ||
        arena_commit(&m->activations, "network's activations", err) != STATUS_OK)
        return err->status;
    take_parameters(m, &b, &sizes);
    if (build_all(m, &b, err) != STATUS_OK)
        return err->status;
    list_parameters(m, &b);
    for (int i = 0; i < opt->max_batch; i++)
        m->all[i] = i;
    m->mode = MODEL_EVAL;
    return STATUS_OK;
}

enum status model_create(struct model **out, const struct model_spec *spec,
                         const struct model_options *opt, struct error *err)
{
    *out = NULL;
    if (gemm_start(parallel_threads(), err) != STATUS_OK)
        return err->status;
    struct model *m = memory_array(1, sizeof *m, "network", err);
    if (!m)
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
    arena_destroy(&m->outputs);
    arena_destroy(&m->activations);
    block_list_free(&m->blocks);
    free(m->plan);
    free(m);
}

static enum status summarise(struct model_summary *out, const struct model *m,
                             const struct build *b, struct error *err)
{
    if (m->parameters.overflow || m->activations.overflow || m->outputs.overflow)
        return error_memory(err, SIZE_MAX, "network's activations");
    for (int i = 0; i < out->layers.n; i++) {
        const struct layer_row *row = &out->layers.row[i];
        if (__builtin_add_overflow(out->parameters, row->parameters, &out->parameters) ||
            __builtin_add_overflow(out->multiply_adds, row->multiply_adds, &out->multiply_adds))
            return error_set(err, "an image takes more multiply-adds than can be counted");
    }
    out->parameter_bytes =
        (b->n_trained + b->n_buffers) * sizeof(float) + (size_t)b->n_params * sizeof *b->param;
    out->gradient_bytes = b->n_grads * sizeof(float);
    out->n_features = m->classifier.in;
    out->activation_bytes = m->activations.peak + m->outputs.peak;
    return STATUS_OK;
}

enum status model_summarise(struct model_summary *out, const struct model_spec *spec,
                            const struct model_options *opt, struct error *err)
{
    *out = (struct model_summary){0};
    struct model *m = memory_array(1, sizeof *m, "network", err);
    if (!m)
        return err->status;
    struct build b;
    enum status status = measure(m, &b, spec, opt, &out->layers, err);
    if (status == STATUS_OK)
        status = summarise(out, m, &b, err);
    if (status != STATUS_OK)
        model_summary_free(out);
    model_destroy(m);
    return status;
}

void model_summary_free(struct model_summary *s)
{
    free(s->layers.row);
    *s = (struct model_summary){0};
}

/* NULL: nothing is needed. */
static float *array_at(const struct model *m, size_t at, size_t bytes)
{
    if (bytes == 0)
        return NULL;
    struct arena window = arena_window(&m->activations, at, bytes);
    return arena_take(&window, bytes - ARENA_GAP, 1);
}

/* Down to the average of the last block's output, which `activation` takes unless it is NULL. */
static void run_forward(struct model *m, float *pooled, float *activation, const float *x,
                        struct samples all, enum model_mode mode)
{
    bool measures = mode == MODEL_MEASURE || mode == MODEL_MEASURE_END;
    int lowest = measures ? m->lowest : m->lowest_now;
    for (int i = 0; i < m->blocks.n; i++) {
        struct block *k = m->blocks.item[i];
        const struct memory_plan_block *p = &m->plan[i];
        float *y = k->y.values ? k->y.values : array_at(m, p->out_at, p->out);
        m->scratch = arena_window(&m->activations, p->forward_scratch_at, p->forward_scratch);
        /* A frozen BatchNorm uses its running statistics and does not change them. */
        k->kind->forward(k, y, x, all, i < lowest ? MODEL_EVAL : mode);
        if (layer_keeps(mode))
            kept_store(&k->y, y, all, &m->scratch);
        x = y;
    }
    pool_average_forward(pooled, x, all, m->last);
    if (activation)
        memcpy(activation, x, (size_t)all.n * shape_floats(m->last) * sizeof *activation);
}

static void begin_forward(struct model *m, const float *x, int batch, enum model_mode mode)
{
    assert(m->options.training || mode == MODEL_EVAL);
    m->x = x;
    m->batch = batch;
    m->mode = mode;
}

const float *model_forward(struct model *m, const float *x, int batch, enum model_mode mode)
{
    struct samples all = {m->all, batch};
    begin_forward(m, x, batch, mode);
    run_forward(m, m->pooled, NULL, x, all, mode);
    linear_forward(&m->classifier, m->logits, m->pooled, all);
    return m->logits;
}

int model_n_features(const struct model *m)
{
    return m->classifier.in;
}

void model_compute_features(struct model *m, float *features, const float *x, int batch)
{
    begin_forward(m, x, batch, MODEL_EVAL);
    run_forward(m, features, NULL, x, (struct samples){m->all, batch}, MODEL_EVAL);
}

const float *model_classify_features(struct model *m, const float *features, int batch,
                                     enum model_mode mode)
{
    assert(mode == MODEL_EVAL || m->lowest_now == m->blocks.n);
    begin_forward(m, NULL, batch, mode);
    memcpy(m->pooled, features, (size_t)batch * (size_t)m->classifier.in * sizeof *features);
    linear_forward(&m->classifier, m->logits, m->pooled, (struct samples){m->all, batch});
    return m->logits;
}

struct shape model_activation_shape(const struct model *m)
{
    return m->last;
}

const float *model_forward_activation(struct model *m, float *activation, const float *x, int batch)
{
    struct samples all = {m->all, batch};
    begin_forward(m, x, batch, MODEL_EVAL);
    run_forward(m, m->pooled, activation, x, all, MODEL_EVAL);
    linear_forward(&m->classifier, m->logits, m->pooled, all);
    return m->logits;
}

void model_activation_map(const struct model *m, float *map, const float *activation, int class)
{
    const struct linear *l = &m->classifier;
    cam_map(map, activation, m->last, l->weight->data + (size_t) class * (size_t)l->in);
}

/* From m->dpooled down to the lowest block that learns. */
static void run_backward(struct model *m, struct samples samples)
{
    const struct memory_plan_block *last = &m->plan[m->blocks.n - 1];
    float *g = array_at(m, last->gradient_at[0], last->gradient_bytes[0]);
    pool_average_backward(g, m->dpooled, samples, m->last);
    for (int i = m->blocks.n - 1; i >= m->lowest_now; i--) {
        struct block *k = m->blocks.item[i];
        const struct memory_plan_block *p = &m->plan[i];
        float *other = array_at(m, p->gradient_at[1], p->gradient_bytes[1]);
        m->scratch = arena_window(&m->activations, p->backward_scratch_at, p->backward_scratch);
        const float *x = input_of(m, i, samples);
        k->kind->backward(k, g, other, x, samples, i > m->lowest_now);
        g = k->returns_in_g ? g : other;
    }
}

void model_backward(struct model *m, const float *dlogits, const int *selected, int n_selected)
{
    assert(m->mode == MODEL_TRAIN || m->mode == MODEL_TRAIN_RECOMPUTE);
    struct samples samples = {selected, n_selected};
    if (m->options.full_backward || !model_samples_independent(m))
        samples = (struct samples){m->all, m->batch};
    bool deeper = m->lowest_now < m->blocks.n;
    linear_backward(&m->classifier, deeper ? m->dpooled : NULL, dlogits, m->pooled, samples);
    if (deeper)
        run_backward(m, samples);
}

bool model_samples_independent(const struct model *m)
{
    return m->spec.norm.kind != NORM_BATCH || m->options.freeze_batch_norm ||
           m->lowest_now == m->blocks.n;
}

void model_unfreeze(struct model *m)
{
    assert(m->options.unfreezes);
    m->lowest_now = 0;
    m->params.first_awake = 0;
}

uint64_t model_saturated(const struct model *m)
{
    return atomic_load_explicit(&m->n_saturated, memory_order_relaxed);
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
