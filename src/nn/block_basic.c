/* The basic residual block of He et al. 2016: y = act(norm2(conv2(act(norm1(conv1(x))))) +
 * shortcut(x)), 3x3 convolutions; the first strides; the shortcut is x itself, or a strided 1x1
 * convolution with norm where the shape changes.
 *
 * Two gradient buffers suffice: once norm2's sweep has masked g it is the shortcut's gradient too,
 * and stays until that is added. */
#include "nn/block_kinds.h"
#include "nn/conv_norm.h"

#include <stdio.h>

struct basic {
    struct block block;
    struct conv_norm first, second, shortcut;
    bool has_shortcut;
    bool kept;
    float *inner; /* output of `first`, [max_batch, ...]; scratch memory without training */
    int max_batch;
    struct arena *scratch;
};

static struct tensor build_unit(struct conv_norm *u, struct build *b, const char *name,
                                const char *conv, const char *norm, struct tensor in, int residual,
                                const struct conv_norm_spec *spec)
{
    char conv_name[96], norm_name[96];
    snprintf(conv_name, sizeof conv_name, "%s.%s", name, conv);
    snprintf(norm_name, sizeof norm_name, "%s.%s", name, norm);
    return conv_norm_build(u, b, conv_name, norm_name, in, residual, spec);
}

static void build(struct block *block, struct build *b, const char *name, struct tensor in,
                  const struct block_spec *s)
{
    struct basic *k = (struct basic *)block;
    struct conv_norm_spec unit = {.conv = {s->width, 3, s->stride, block_padding(s, 3), 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    struct tensor inner = build_unit(&k->first, b, name, "conv1", "bn1", in, -1, &unit);
    unit.conv.stride = 1;
    unit.starts_at_zero = s->zero_init_residual;
    k->has_shortcut = s->stride != 1 || in.shape.channels != s->width;
    struct tensor residual = in;
    /* The shortcut's rows come behind the second convolution's, as its parameters do. */
    if (k->has_shortcut)
        residual.row = b->n_rows + 3;
    struct tensor y = build_unit(&k->second, b, name, "conv2", "bn2", inner, residual.row, &unit);
    if (k->has_shortcut) {
        struct conv_norm_spec shortcut = {.conv = {s->width, 1, s->stride, block_padding(s, 1), 1},
                                          .norm = &s->norm};
        build_unit(&k->shortcut, b, name, "downsample.0", "downsample.1", in, -1, &shortcut);
    }
    k->kept = b->training;
    k->inner = k->kept
                   ? arena_floats(b->activations, shape_floats(inner.shape) * (size_t)b->max_batch)
                   : NULL;
    k->max_batch = b->max_batch;
    k->scratch = b->scratch;
    size_t in_floats = shape_floats(in.shape), out_floats = shape_floats(y.shape);
    block->out = y;
    block->returns_in_g = !k->has_shortcut;
    block->gradient_floats[0] = out_floats;
    block->gradient_floats[1] = shape_floats(inner.shape);
    if (k->has_shortcut && in_floats > block->gradient_floats[1])
        block->gradient_floats[1] = in_floats;
}

static void forward(struct block *block, float *y, const float *x, struct samples samples,
                    enum model_mode mode)
{
    struct basic *k = (struct basic *)block;
    size_t mark = k->scratch->used;
    float *inner = k->inner;
    if (!k->kept)
        inner = arena_floats(k->scratch, shape_floats(k->first.conv.out) * (size_t)k->max_batch);
    conv_norm_forward(&k->first, inner, x, NULL, samples, mode);
    if (k->has_shortcut)
        conv_norm_forward(&k->shortcut, y, x, NULL, samples, mode);
    conv_norm_forward(&k->second, y, inner, k->has_shortcut ? y : x, samples, mode);
    arena_release(k->scratch, mark);
}

static void backward(struct block *block, float *g, float *other, const float *x,
                     struct samples samples, bool wants_dx)
{
    struct basic *k = (struct basic *)block;
    conv_norm_backward(&k->second, other, g, block->y, k->inner, samples, false);
    if (!k->has_shortcut) {
        conv_norm_backward(&k->first, wants_dx ? g : NULL, other, k->inner, x, samples, true);
        return;
    }
    /* `other` becomes conv1's dz and is free before dx is written into it. */
    conv_norm_backward(&k->first, wants_dx ? other : NULL, other, k->inner, x, samples, false);
    conv_norm_backward(&k->shortcut, wants_dx ? other : NULL, g, NULL, x, samples, true);
}

const struct block_kind block_basic = {
    .name = "basic",
    .names = &block_names_resnet,
    .size = sizeof(struct basic),
    .build = build,
    .forward = forward,
    .backward = backward,
};
