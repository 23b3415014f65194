/* The bottleneck of He et al. 2016: 1x1 to width / reduction channels, 3x3, 1x1 to width, each with
 * norm, plus a shortcut (block_shortcut.h). The 3x3 convolution strides (torchvision,
 * "v1.5"), or the first one (the original). */
#include "nn/block_chain.h"
#include "nn/block_kinds.h"

enum { STRIDE_IN, REDUCTION, SHORTCUT, KEYS };
enum { STRIDE_IN_SECOND, STRIDE_IN_FIRST };

static const char *const stride_in_words[] = {"second", "first"};
static const struct block_key keys[KEYS] = {
    [STRIDE_IN] = {"stride-in", 0, 1, stride_in_words, STRIDE_IN_SECOND},
    [REDUCTION] = {"reduction", 1, 64, NULL, 4},
    [SHORTCUT] = {"shortcut", 0, 1, block_shortcut_words, 0},
};

static enum status check(const struct block_spec *s, const char *what, struct error *err)
{
    int reduction = s->value[REDUCTION];
    if (s->width % reduction != 0)
        return error_set(err, "%s.width: %d is not a multiple of reduction (%d)", what, s->width,
                         reduction);
    if (s->norm.kind == NORM_GROUP && s->width / reduction % s->norm.groups != 0)
        return error_set(err, "%s.width: a %dth of %d is not a multiple of norm.groups (%d)", what,
                         reduction, s->width, s->norm.groups);
    return STATUS_OK;
}

static void build(struct block *block, struct build *b, struct tensor in,
                  const struct block_spec *s)
{
    struct block_chain *k = (struct block_chain *)block;
    bool first_strides = s->value[STRIDE_IN] == STRIDE_IN_FIRST;
    int inner = s->width / s->value[REDUCTION];
    struct conv_norm_spec unit = {.conv = {.width = inner,
                                           .kernel = 1,
                                           .stride = first_strides ? s->stride : 1,
                                           .padding = block_padding(s, 1),
                                           .groups = 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    block_chain_begin(k, b, block_shortcut_choose(in, s, s->value[SHORTCUT]));
    struct tensor y = block_chain_add(k, b, "conv1", "bn1", in, &unit);
    unit.conv = (struct conv_spec){.width = inner,
                                   .kernel = 3,
                                   .stride = first_strides ? 1 : s->stride,
                                   .padding = block_padding(s, 3),
                                   .groups = 1};
    y = block_chain_add(k, b, "conv2", "bn2", y, &unit);
    unit.conv = (struct conv_spec){
        .width = s->width, .kernel = 1, .stride = 1, .padding = block_padding(s, 1), .groups = 1};
    unit.starts_at_zero = s->zero_init_residual;
    block_chain_end(k, b, "conv3", "bn3", y, &unit, s);
}

const struct block_kind block_bottleneck = {
    .name = "bottleneck",
    .key = keys,
    .n_keys = KEYS,
    .names = &block_names_resnet,
    .size = sizeof(struct block_chain),
    .check = check,
    .build = build,
    .forward = block_chain_forward,
    .backward = block_chain_backward,
};
