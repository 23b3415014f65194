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

void block_chain_begin(struct block_chain *k, struct build *b, enum block_shortcut shortcut)
{
    k->n = 0;
    k->shortcut_kind = shortcut;
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
    struct tensor x = k->block.in;
    int residual = k->shortcut_kind == BLOCK_SHORTCUT_NONE ? -1 : x.row;
    /* The shortcut's rows come behind the last unit's, as its parameters do. */
    if (k->shortcut_kind == BLOCK_SHORTCUT_CONV)
        residual = b->n_rows + 3;
    k->block.out = build_unit(&k->unit[k->n++], &k->block, b, conv, norm, in, residual, spec);
    k->block.gradient_floats[0] = shape_floats(k->block.out.shape);
    if (k->shortcut_kind == BLOCK_SHORTCUT_CONV)
        build_unit(&k->shortcut, &k->block, b, "downsample.0", "downsample.1", x, -1,
                   &(struct conv_norm_spec){
                       .conv = {spec->conv.width, 1, s->stride, block_padding(s, 1), 1},
                       .norm = spec->norm});
    if (k->shortcut_kind != BLOCK_SHORTCUT_IDENTITY)
        raise_to(&k->block.gradient_floats[1], shape_floats(x.shape));
}

void block_chain_forward(struct block *block, float *y, const float *x, struct samples samples,
                         enum model_mode mode)
{
    struct block_chain *k = (struct block_chain *)block;
    size_t mark = k->scratch->used;
    float *spare[2];
    const float *residual = k->shortcut_kind == BLOCK_SHORTCUT_IDENTITY ? x : NULL, *in = x;
    for (int i = 0; i < 2; i++)
        spare[i] = arena_floats(k->scratch, k->spare_floats[i]);
    if (k->shortcut_kind == BLOCK_SHORTCUT_CONV) {
        conv_norm_forward(&k->shortcut, y, x, NULL, samples, mode);
        residual = y;
    }
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
    bool identity = k->shortcut_kind == BLOCK_SHORTCUT_IDENTITY;
    const float *y = block->y;
    float *dy = g;
    for (int i = k->n - 1; i > 0; i--) {
        conv_norm_backward(&k->unit[i], other, dy, y, k->inner[i - 1], samples, false);
        y = k->inner[i - 1];
        dy = other;
    }
    float *dx = !wants_dx ? NULL : identity ? g : other;
    conv_norm_backward(&k->unit[0], dx, other, y, x, samples, identity);
    if (k->shortcut_kind == BLOCK_SHORTCUT_CONV)
        conv_norm_backward(&k->shortcut, dx, g, NULL, x, samples, true);
}
