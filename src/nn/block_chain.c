/* Two gradient buffers suffice: once the last norm's sweep has masked g it is the shortcut's
 * gradient too, and stays until that is added; between the units the gradient stays in the other
 * buffer, since a unit has read it all when it writes the next.
 *
 * Where norms are fixed the samples do not depend on each other. Then they go through the chain in
 * windows, few enough that what one unit writes is still in the cache when the next one reads it,
 * and the gradients between the units need memory for a window alone.
 *
 * Where a unit keeps its convolution's output as floats, for its norm's backward, its own output is
 * not kept, too: the norm computes it once more, which costs a sweep over memory. */
#include "nn/block_chain.h"

#include "base/parallel.h"
#include "nn/sample_windows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void block_chain_begin(struct block_chain *k, struct build *b, enum block_shortcut_kind shortcut)
{
    k->n = 0;
    k->shortcut.kind = shortcut;
    k->scratch = b->scratch;
    k->max_batch = b->max_batch;
    k->grad = b->grad ? b->grad + b->n_grads : NULL;
    k->n_grads = b->n_grads;
    k->block.returns_in_g = shortcut == BLOCK_SHORTCUT_IDENTITY;
}

static struct tensor build_unit(struct conv_norm *u, const struct block *block, struct build *b,
                                const char *conv, const char *norm, struct tensor in, int residual,
                                const struct conv_norm_spec *spec)
{
    char conv_name[96], norm_name[96];
    snprintf(conv_name, sizeof conv_name, "%s.%s", block->name, conv);
    snprintf(norm_name, sizeof norm_name, "%s.%s", block->name, norm);
    return conv_norm_build(u, b, conv_name, norm_name, in, residual, spec);
}

struct tensor block_chain_add(struct block_chain *k, struct build *b, const char *conv,
                              const char *norm, struct tensor in, const struct conv_norm_spec *spec)
{
    assert(k->n < BLOCK_CHAIN_MAX - 1);
    struct tensor y = build_unit(&k->unit[k->n], &k->block, b, conv, norm, in, -1, spec);
    size_t floats = shape_floats(y.shape);
    block_raise_to(&k->spare_floats[k->n % 2], floats);
    k->inner[k->n] = (struct kept){0};
    if (b->training && !k->unit[k->n].z.values)
        kept_build(&k->inner[k->n], b, floats);
    k->n++;
    return y;
}

/* Whether what becomes of a sample depends on the others, or a unit keeps what it finds by the
 * sample's place in the batch. */
static bool mixes_samples(const struct block_chain *k, enum model_mode mode)
{
    return mode != MODEL_EVAL && !k->unit[0].norm.frozen;
}

/* Below that many products for each float that passes through memory it is memory that a chain
 * waits for. Others lose by windows, each of which prepares the filters anew. */
enum { PRODUCTS_PER_FLOAT = 64 };

static size_t products(const struct block_chain *k)
{
    size_t n = 0;
    for (int i = 0; i < k->n; i++) {
        const struct conv2d *c = &k->unit[i].conv;
        n += shape_floats(c->out) * (size_t)(c->kernel * c->kernel) *
             (size_t)(c->in.channels / c->groups);
    }
    return n;
}

/* What a sample needs in the cache. */
static size_t window_floats(const struct block_chain *k)
{
    size_t floats = shape_floats(k->block.in.shape) + shape_floats(k->block.out.shape) +
                    k->spare_floats[0] + k->spare_floats[1];
    for (int i = 0; i + 1 < k->n && k->inner[0].values; i++)
        floats += shape_floats(k->unit[i].conv.out);
    return floats;
}

void block_chain_end(struct block_chain *k, struct build *b, const char *conv, const char *norm,
                     struct tensor in, const struct conv_norm_spec *spec,
                     const struct block_spec *s)
{
    enum block_shortcut_kind shortcut = k->shortcut.kind;
    /* The shortcut's rows come behind the last unit's two, as its parameters do. */
    int residual = block_shortcut_row(shortcut, b, k->block.in, s, 2);
    k->block.out = build_unit(&k->unit[k->n++], &k->block, b, conv, norm, in, residual, spec);
    block_shortcut_build(&k->shortcut, shortcut, b, &k->block, s);
    k->block.gradient_floats[0] = shape_floats(k->block.out.shape);
    k->block.gradient_floats[1] =
        shortcut != BLOCK_SHORTCUT_IDENTITY ? shape_floats(k->block.in.shape) : 0;
    k->n_grads = b->n_grads - k->n_grads;
    size_t floats = window_floats(k);
    k->window = products(k) / PRODUCTS_PER_FLOAT < floats
                    ? sample_windows_size(floats, b->max_batch)
                    : b->max_batch;
    if (!mixes_samples(k, MODEL_TRAIN))
        return;
    for (int i = 0; i < 2; i++)
        block_raise_to(&k->block.gradient_floats[1], k->spare_floats[i]);
}

static void forward_some(struct block_chain *k, float *y, const float *x, size_t first,
                         struct samples samples, enum model_mode mode, float *const spare[2])
{
    const float *residual = block_shortcut_forward(&k->shortcut, y, x, first, samples, mode),
                *in = x;
    for (int i = 0; i < k->n; i++) {
        bool last = i + 1 == k->n;
        struct kept kept = {.values = y};
        if (!last)
            kept = kept_from(&k->inner[i], first, k->max_batch);
        float *out = kept.values ? kept.values : spare[i % 2];
        conv_norm_forward(&k->unit[i], out, in, last ? residual : NULL, samples, mode);
        if (layer_keeps(mode))
            kept_store(&kept, out, samples, k->scratch);
        in = out;
    }
}

void block_chain_forward(struct block *block, float *y, const float *x, struct samples samples,
                         enum model_mode mode)
{
    struct block_chain *k = (struct block_chain *)block;
    size_t mark = k->scratch->used;
    int window = mixes_samples(k, mode) ? k->max_batch : k->window;
    float *spare[2] = {NULL, NULL};
    for (int i = 0; i < 2 && !k->inner[0].values; i++)
        spare[i] = arena_floats(k->scratch, k->spare_floats[i] * (size_t)window);
    struct sample_windows w = sample_windows_begin(samples, window, k->scratch);
    while (sample_windows_next(&w))
        forward_some(k, y + w.first * shape_floats(block->out.shape),
                     x + w.first * shape_floats(block->in.shape), w.first, w.samples, mode, spare);
    arena_release(k->scratch, mark);
}

/* The output of unit i, for its mask, which may be done already. output: what unit_output gave. */
static const float *mask(const struct block_chain *k, int i, float *dy, const float *output,
                         struct kept out, struct samples samples)
{
    const struct conv_norm *u = &k->unit[i];
    if (kept_is_empty(&out))
        return output;
    return u->is_masked ? out.values : kept_mask(&out, dy, u->norm.activation, samples, k->scratch);
}

/* The output of unit i, which is not the last. `place` has memory where it is recomputed. */
static const float *unit_output(struct block_chain *k, int i, float *place, struct kept out,
                                struct samples samples)
{
    if (!kept_is_empty(&out))
        return kept_read(&out, samples, k->scratch);
    norm_recompute(&k->unit[i].norm, place, k->unit[i].z.values, samples);
    return place;
}

/* Gradients g of y and dx of x (NULL: not wanted), in two buffers between the units. Of `first` and
 * n samples. */
static void backward_some(struct block_chain *k, float *dx, float *g, const float *x, size_t first,
                          int n, struct samples samples, float *const between[2])
{
    bool identity = k->shortcut.kind == BLOCK_SHORTCUT_IDENTITY;
    size_t mark_all = k->scratch->used;
    float *dy = g, *place[2] = {NULL, NULL};
    const float *output = NULL; /* of unit i */
    struct kept out = kept_from(&k->block.y, first, n);
    for (int j = 0; j < 2 && kept_is_empty(&k->inner[0]); j++)
        place[j] = arena_floats(k->scratch, k->spare_floats[j] * (size_t)n);
    for (int i = k->n - 1; i > 0; i--) {
        const struct kept in = kept_from(&k->inner[i - 1], first, n);
        const float *y = mask(k, i, dy, output, out, samples);
        float *dx_i = between[(i - 1) % 2];
        size_t mark_one = k->scratch->used;
        output = unit_output(k, i - 1, place[(i - 1) % 2], in, samples);
        conv_norm_backward_above(&k->unit[i], &k->unit[i - 1], dx_i, dy, y, output, samples);
        arena_release(k->scratch, mark_one);
        out = in;
        dy = dx_i;
    }
    conv_norm_backward(&k->unit[0], dx, dy, mask(k, 0, dy, output, out, samples), x, samples,
                       identity);
    arena_release(k->scratch, mark_all);
    block_shortcut_backward(&k->shortcut, dx, g, x, first, samples);
}

/* The gradients of a window's samples are added to those of the windows before it. */
struct adding {
    float *grad;
    float *before;
};

static void keep_some(void *context, size_t first, size_t n)
{
    const struct adding *a = context;
    memcpy(a->before + first, a->grad + first, n * sizeof *a->before);
}

static void add_some(void *context, size_t first, size_t n)
{
    const struct adding *a = context;
    for (size_t i = first; i < first + n; i++)
        a->grad[i] += a->before[i];
}

void block_chain_backward(struct block *block, float *g, float *other, const float *x,
                          struct samples samples, bool wants_dx)
{
    struct block_chain *k = (struct block_chain *)block;
    size_t mark = k->scratch->used, in_floats = shape_floats(block->in.shape),
           out_floats = shape_floats(block->out.shape);
    float *dx = !wants_dx ? NULL : block->returns_in_g ? g : other;
    float *between[2] = {other, other};
    if (mixes_samples(k, MODEL_TRAIN)) {
        backward_some(k, dx, g, x, 0, k->max_batch, samples, between);
        return;
    }
    for (int i = 0; i < 2; i++)
        between[i] = arena_floats(k->scratch, k->spare_floats[i] * (size_t)k->window);
    float *before = arena_floats(k->scratch, k->n_grads);
    struct sample_windows w = sample_windows_begin(samples, k->window, k->scratch);
    struct adding adding = {k->grad, before};
    for (bool is_first = true; sample_windows_next(&w); is_first = false) {
        if (!is_first)
            parallel_floats(keep_some, &adding, k->n_grads, PARALLEL_FLOATS);
        backward_some(k, dx ? dx + w.first * in_floats : NULL, g + w.first * out_floats,
                      x + w.first * in_floats, w.first, k->window, w.samples, between);
        if (!is_first)
            parallel_floats(add_some, &adding, k->n_grads, PARALLEL_FLOATS);
    }
    arena_release(k->scratch, mark);
}
