#include "nn/block_kinds.h"

const struct block_kind *const block_kinds[] = {&block_basic, &block_bottleneck, &block_inverted,
                                                &block_res2net};
const int block_kinds_n = sizeof block_kinds / sizeof block_kinds[0];

const struct block_names block_names_resnet = {
    .stem_conv = "conv1",
    .stem_norm = "bn1",
    .stage = "layer",
    .first_stage = 1,
    .head_conv = "conv_head",
    .head_norm = "bn2",
    .classifier = "fc",
};
const struct block_names block_names_efficientnet = {
    .stem_conv = "conv_stem",
    .stem_norm = "bn1",
    .stage = "blocks.",
    .first_stage = 0,
    .head_conv = "conv_head",
    .head_norm = "bn2",
    .classifier = "classifier",
};

int block_padding(const struct block_spec *spec, int kernel)
{
    return spec->same_padding ? LAYER_PADDING_SAME : layer_usual_padding(kernel);
}
