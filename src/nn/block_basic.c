/* The basic residual block of He et al. 2016: y = act(norm2(conv2(act(norm1(conv1(x))))) +
 * shortcut(x)), 3x3 convolutions; the first strides; the shortcut is x itself, or a strided 1x1
 * convolution with norm where the shape changes. */
#include "nn/block_chain.h"
#include "nn/block_kinds.h"

static void build(struct block *block, struct build *b, struct tensor in,
                  const struct block_spec *s)
{
    struct block_chain *k = (struct block_chain *)block;
    bool changes = s->stride != 1 || in.shape.channels != s->width;
    struct conv_norm_spec unit = {.conv = {.width = s->width,
                                           .kernel = 3,
                                           .stride = s->stride,
                                           .padding = block_padding(s, 3),
                                           .groups = 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    block_chain_begin(k, b, changes ? BLOCK_SHORTCUT_CONV : BLOCK_SHORTCUT_IDENTITY);
    struct tensor y = block_chain_add(k, b, "conv1", "bn1", in, &unit);
    unit.conv.stride = 1;
    unit.starts_at_zero = s->zero_init_residual;
    block_chain_end(k, b, "conv2", "bn2", y, &unit, s);
}

const struct block_kind block_basic = {
    .name = "basic",
    .names = &block_names_resnet,
    .size = sizeof(struct block_chain),
    .build = build,
    .forward = block_chain_forward,
    .backward = block_chain_backward,
};
