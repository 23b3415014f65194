/* The basic residual block of He et al. 2016: y = act(norm2(conv2(act(norm1(conv1(x))))) +
 * shortcut(x)), 3x3 convolutions; the first strides (block_shortcut.h). */
#include "nn/block_chain.h"
#include "nn/block_kinds.h"

enum { SHORTCUT, KEYS };
static const struct block_key keys[KEYS] = {
    [SHORTCUT] = {"shortcut", 0, 1, block_shortcut_words, 0}};

static void build(struct block *block, struct build *b, struct tensor in,
                  const struct block_spec *s)
{
    struct block_chain *k = (struct block_chain *)block;
    struct conv_norm_spec unit = {.conv = {.width = s->width,
                                           .kernel = 3,
                                           .stride = s->stride,
                                           .padding = block_padding(s, 3),
                                           .groups = 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    block_chain_begin(k, b, block_shortcut_choose(in, s, s->value[SHORTCUT]));
    struct tensor y = block_chain_add(k, b, "conv1", "bn1", in, &unit);
    unit.conv.stride = 1;
    unit.starts_at_zero = s->zero_init_residual;
    block_chain_end(k, b, "conv2", "bn2", y, &unit, s);
}

const struct block_kind block_basic = {
    .name = "basic",
    .key = keys,
    .n_keys = KEYS,
    .names = &block_names_resnet,
    .size = sizeof(struct block_chain),
    .build = build,
    .forward = block_chain_forward,
    .backward = block_chain_backward,
};
