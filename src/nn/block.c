/* Two gradient buffers suffice: once norm2's sweep has masked g it is the shortcut's gradient too,
 * and stays until that is added. */
#include "nn/block.h"

#include <stdio.h>

void block_build(struct block *k, struct build *b, const struct model_spec *spec, const char *name,
                 int parity, int in_h, int in_w, int in_c, int width, int stride)
{
    char conv[80], norm[80];
    snprintf(conv, sizeof conv, "%s.conv1", name);
    snprintf(norm, sizeof norm, "%s.bn1", name);
    conv_norm_build(&k->first, b, spec, conv, norm, in_h, in_w, in_c, width, 3, stride);
    const struct conv2d *out = &k->first.conv;
    snprintf(conv, sizeof conv, "%s.conv2", name);
    snprintf(norm, sizeof norm, "%s.bn2", name);
    conv_norm_build(&k->second, b, spec, conv, norm, out->out_h, out->out_w, width, width, 3, 1);
    k->has_shortcut = stride != 1 || in_c != width;
    if (k->has_shortcut) {
        snprintf(conv, sizeof conv, "%s.downsample.0", name);
        snprintf(norm, sizeof norm, "%s.downsample.1", name);
        conv_norm_build(&k->shortcut, b, spec, conv, norm, in_h, in_w, in_c, width, 1, stride);
    }
    size_t floats = conv_norm_out_floats(&k->first) * b->max_batch;
    k->parity = parity;
    k->inner = k->y = NULL;
    if (b->training) {
        k->inner = arena_floats(b->activations, floats);
        k->y = arena_floats(b->activations, floats);
    } else {
        build_need(&b->workspace->inner_floats, floats);
        build_need(&b->workspace->output_floats, floats);
    }
}

float *block_forward(struct block *k, const float *x, struct samples samples, enum model_mode mode)
{
    const struct workspace *w = k->first.conv.workspace;
    float *inner = k->inner ? k->inner : w->inner, *y = k->y ? k->y : w->output[k->parity];
    conv_norm_forward(&k->first, inner, x, NULL, samples, mode, true);
    if (k->has_shortcut)
        conv_norm_forward(&k->shortcut, y, x, NULL, samples, mode, false);
    conv_norm_forward(&k->second, y, inner, k->has_shortcut ? y : x, samples, mode, true);
    return y;
}

float *block_backward(struct block *k, float *g, float *other, const float *x,
                      struct samples samples)
{
    conv_norm_backward(&k->second, other, g, k->y, k->inner, samples, false);
    if (!k->has_shortcut) {
        conv_norm_backward(&k->first, g, other, k->inner, x, samples, true);
        return g;
    }
    /* `other` becomes conv1's dz and is free before dx is written into it. */
    conv_norm_backward(&k->first, other, other, k->inner, x, samples, false);
    conv_norm_backward(&k->shortcut, other, g, NULL, x, samples, true);
    return other;
}
