/* Two gradient buffers suffice: once the last norm's sweep has masked g it is the shortcut's
 * gradient too, and stays until that is added; between the units the gradient stays in the other
 * buffer, since a unit has read it all when it writes the next. */
#include "nn/block_chain.h"

#include <assert.h>
#include <stdio.h>

static void raise_to(size_t *have, size_t needed)
{
    if (*have < needed)
        *have = needed;
}

void block_chain_begin(struct block_chain *k, struct build *b, enum block_shortcut_kind shortcut)
{
    k->n = 0;
    k->shortcut.kind = shortcut;
    k->kept = b->training;
    k->scratch = b->scratch;
    k->block.returns_in_g = shortcut == BLOCK_SHORTCUT_IDENTITY;
    k->block.gradient_floats[0] = k->block.gradient_floats[1] = 0;
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
    raise_to(&k->block.gradient_floats[1], floats);
    if (k->kept)
        k->inner[k->n] = arena_floats(b->activations, floats * (size_t)b->max_batch);
    else
        raise_to(&k->spare_floats[k->n % 2], floats * (size_t)b->max_batch);
    k->n++;
    return y;
}

void block_chain_end(struct block_chain *k, struct build *b, const char *conv, const char *norm,
                     struct tensor in, const struct conv_norm_spec *spec,
                     const struct block_spec *s)
{
    enum block_shortcut_kind shortcut = k->shortcut.kind;
    /* The shortcut's rows come behind the last unit's two, as its parameters do. */
    int residual = block_shortcut_row(shortcut, b, k->block.in, s, 2);
    k->block.out = build_unit(&k->unit[k->n++], &k->block, b, conv, norm, in, residual, spec);
    k->block.gradient_floats[0] = shape_floats(k->block.out.shape);
    block_shortcut_build(&k->shortcut, shortcut, b, &k->block, s);
    if (shortcut != BLOCK_SHORTCUT_IDENTITY)
        raise_to(&k->block.gradient_floats[1], shape_floats(k->block.in.shape));
}

void block_chain_forward(struct block *block, float *y, const float *x, struct samples samples,
                         enum model_mode mode)
{
    struct block_chain *k = (struct block_chain *)block;
    size_t mark = k->scratch->used;
    float *spare[2];
    const float *residual = block_shortcut_forward(&k->shortcut, y, x, samples, mode), *in = x;
    for (int i = 0; i < 2; i++)
        spare[i] = arena_floats(k->scratch, k->spare_floats[i]);
    for (int i = 0; i < k->n; i++) {
        bool last = i + 1 == k->n;
        float *out = last ? y : k->kept ? k->inner[i] : spare[i % 2];
        conv_norm_forward(&k->unit[i], out, in, last ? residual : NULL, samples, mode);
        in = out;
    }
    arena_release(k->scratch, mark);
}

void block_chain_backward(struct block *block, float *g, float *other, const float *x,
                          struct samples samples, bool wants_dx)
{
    struct block_chain *k = (struct block_chain *)block;
    bool identity = k->shortcut.kind == BLOCK_SHORTCUT_IDENTITY;
    const float *y = block->y;
    float *dy = g;
    for (int i = k->n - 1; i > 0; i--) {
        conv_norm_backward(&k->unit[i], other, dy, y, k->inner[i - 1], samples, false);
        y = k->inner[i - 1];
        dy = other;
    }
    float *dx = !wants_dx ? NULL : identity ? g : other;
    conv_norm_backward(&k->unit[0], dx, other, y, x, samples, identity);
    block_shortcut_backward(&k->shortcut, dx, g, x, samples);
}
