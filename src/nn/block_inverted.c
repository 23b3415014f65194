/* The inverted residual of Sandler et al. 2018 (MobileNetV2, EfficientNet-Lite): 1x1 to `expansion`
 * times the channels, depthwise, 1x1 to width without an activation; plus x where the shape stays
 * the same. Without an expansion the first convolution is left out (Howard et al. 2017, depthwise
 * separable). Names as timm's. */
#include "nn/block_chain.h"
#include "nn/block_kinds.h"

enum { KERNEL, EXPANSION, KEYS };

static const struct block_key keys[KEYS] = {
    [KERNEL] = {"kernel", 1, LAYER_MAX_KERNEL, NULL, 3},
    [EXPANSION] = {"expansion", 1, 64, NULL, 6},
};

static void build(struct block *block, struct build *b, struct tensor in,
                  const struct block_spec *s)
{
    struct block_chain *k = (struct block_chain *)block;
    int kernel = s->value[KERNEL], inner = in.shape.channels * s->value[EXPANSION];
    bool expands = s->value[EXPANSION] > 1;
    bool same = s->stride == 1 && in.shape.channels == s->width;
    struct conv_norm_spec unit = {.conv = {.width = inner, .kernel = 1, .stride = 1, .groups = 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    struct tensor y = in;
    block_chain_begin(k, b, same ? BLOCK_SHORTCUT_IDENTITY : BLOCK_SHORTCUT_NONE);
    if (expands)
        y = block_chain_add(k, b, "conv_pw", "bn1", y, &unit);
    unit.conv = (struct conv_spec){.width = inner,
                                   .kernel = kernel,
                                   .stride = s->stride,
                                   .padding = block_padding(s, kernel),
                                   .groups = inner};
    y = block_chain_add(k, b, "conv_dw", expands ? "bn2" : "bn1", y, &unit);
    unit.conv = (struct conv_spec){.width = s->width, .kernel = 1, .stride = 1, .groups = 1};
    unit.activation = KERNELS_NONE;
    unit.starts_at_zero = same && s->zero_init_residual;
    block_chain_end(k, b, expands ? "conv_pwl" : "conv_pw", expands ? "bn3" : "bn2", y, &unit, s);
}

const struct block_kind block_inverted = {
    .name = "inverted",
    .key = keys,
    .n_keys = KEYS,
    .names = &block_names_efficientnet,
    .size = sizeof(struct block_chain),
    .build = build,
    .forward = block_chain_forward,
    .backward = block_chain_backward,
};
