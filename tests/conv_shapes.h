/* The convolutions of the project's networks: what the unit tests compare with double precision,
 * `make bench-kernels` times, and the planner's table (conv2d_table.c) has rows of. */
#ifndef TESTS_CONV_SHAPES_H
#define TESTS_CONV_SHAPES_H

#include "nn/layer.h"

#include <stdbool.h>

struct conv_shape {
    const char *network;
    int kernel, stride, in_c, out_c;
    int size; /* of x, in images of 448 pixels; timed at half of it, too */
    bool is_depthwise, has_same_padding;
    int in_pitch; /* x is a slice of a tensor of so many channels; 0: a tensor of its own */
};

/* kernel, stride, channels in and out, size */
#define CONV(network, k, s, in, out, size)                                                         \
    {                                                                                              \
        network, k, s, in, out, size, false, false, 0                                              \
    }
/* kernel, stride, channels, size; padding as TensorFlow's or PyTorch's */
#define DEPTHWISE(network, k, s, c, size, same)                                                    \
    {                                                                                              \
        network, k, s, c, c, size, true, same, 0                                                   \
    }
/* kernel, stride, channels of the slice, size: one of the four of a tensor */
#define SLICE(network, k, s, c, size)                                                              \
    {                                                                                              \
        network, k, s, c, c, size, false, false, 4 * (c)                                           \
    }

/* A shape that several networks have is listed with the first of them. */
static const struct conv_shape conv_shapes[] = {
    CONV("resnet18", 7, 2, 3, 64, 448),
    CONV("resnet18", 3, 1, 64, 64, 112),
    CONV("resnet18", 3, 2, 64, 128, 112),
    CONV("resnet18", 1, 2, 64, 128, 112),
    CONV("resnet18", 3, 1, 128, 128, 56),
    CONV("resnet18", 3, 2, 128, 256, 56),
    CONV("resnet18", 1, 2, 128, 256, 56),
    CONV("resnet18", 3, 1, 256, 256, 28),
    CONV("resnet18", 3, 2, 256, 512, 28),
    CONV("resnet18", 1, 2, 256, 512, 28),
    CONV("resnet18", 3, 1, 512, 512, 14),

    CONV("resnet10-gn", 7, 2, 3, 32, 448),
    CONV("resnet10-gn", 3, 1, 32, 32, 112),
    CONV("resnet10-gn", 3, 2, 32, 64, 112),
    CONV("resnet10-gn", 1, 2, 32, 64, 112),
    CONV("resnet10-gn", 3, 1, 64, 64, 56),
    CONV("resnet10-gn", 3, 2, 64, 128, 56),
    CONV("resnet10-gn", 1, 2, 64, 128, 56),
    CONV("resnet10-gn", 3, 1, 128, 128, 28),
    CONV("resnet10-gn", 3, 2, 128, 256, 28),
    CONV("resnet10-gn", 1, 2, 128, 256, 28),
    CONV("resnet10-gn", 3, 1, 256, 256, 14),

    CONV("resnet12-gn", 4, 4, 3, 24, 448),
    CONV("resnet12-gn", 3, 2, 24, 32, 112),
    CONV("resnet12-gn", 3, 1, 32, 32, 56),
    CONV("resnet12-gn", 3, 2, 32, 64, 56),
    CONV("resnet12-gn", 1, 2, 32, 64, 56),
    CONV("resnet12-gn", 3, 2, 64, 128, 28),
    CONV("resnet12-gn", 1, 2, 64, 128, 28),
    CONV("resnet12-gn", 3, 1, 128, 128, 14),
    CONV("resnet12-gn", 3, 2, 128, 256, 14),
    CONV("resnet12-gn", 1, 2, 128, 256, 14),
    CONV("resnet12-gn", 3, 2, 256, 256, 7),
    CONV("resnet12-gn", 1, 2, 256, 256, 7),

    CONV("efficientnet-lite0", 3, 2, 3, 32, 448),
    CONV("efficientnet-lite0", 1, 1, 32, 16, 224),
    CONV("efficientnet-lite0", 1, 1, 16, 96, 224),
    CONV("efficientnet-lite0", 1, 1, 96, 24, 112),
    CONV("efficientnet-lite0", 1, 1, 24, 144, 112),
    CONV("efficientnet-lite0", 1, 1, 144, 40, 56),
    CONV("efficientnet-lite0", 1, 1, 40, 240, 56),
    CONV("efficientnet-lite0", 1, 1, 240, 80, 28),
    CONV("efficientnet-lite0", 1, 1, 80, 480, 28),
    CONV("efficientnet-lite0", 1, 1, 480, 112, 28),
    CONV("efficientnet-lite0", 1, 1, 112, 672, 28),
    CONV("efficientnet-lite0", 1, 1, 672, 192, 14),
    CONV("efficientnet-lite0", 1, 1, 192, 1152, 14),
    CONV("efficientnet-lite0", 1, 1, 1152, 192, 14),
    CONV("efficientnet-lite0", 1, 1, 320, 1280, 14),
    DEPTHWISE("efficientnet-lite0", 3, 1, 32, 224, true),
    DEPTHWISE("efficientnet-lite0", 3, 2, 96, 224, true),
    DEPTHWISE("efficientnet-lite0", 3, 1, 144, 112, true),
    DEPTHWISE("efficientnet-lite0", 5, 2, 144, 112, true),
    DEPTHWISE("efficientnet-lite0", 5, 1, 240, 56, true),
    DEPTHWISE("efficientnet-lite0", 3, 2, 240, 56, true),
    DEPTHWISE("efficientnet-lite0", 3, 1, 480, 28, true),
    DEPTHWISE("efficientnet-lite0", 5, 1, 480, 28, true),
    DEPTHWISE("efficientnet-lite0", 5, 1, 672, 28, true),
    DEPTHWISE("efficientnet-lite0", 5, 2, 672, 28, true),
    DEPTHWISE("efficientnet-lite0", 5, 1, 1152, 14, true),
    DEPTHWISE("efficientnet-lite0", 3, 1, 1152, 14, true),

    CONV("mobilenetv2", 1, 1, 144, 24, 112),
    CONV("mobilenetv2", 1, 1, 32, 192, 56),
    CONV("mobilenetv2", 1, 1, 192, 32, 56),
    CONV("mobilenetv2", 1, 1, 64, 384, 28),
    CONV("mobilenetv2", 1, 1, 384, 64, 28),
    CONV("mobilenetv2", 1, 1, 96, 576, 28),
    CONV("mobilenetv2", 1, 1, 576, 96, 28),
    CONV("mobilenetv2", 1, 1, 160, 960, 14),
    CONV("mobilenetv2", 1, 1, 960, 160, 14),
    CONV("mobilenetv2", 1, 1, 960, 320, 14),
    DEPTHWISE("mobilenetv2", 3, 2, 144, 112, false),
    DEPTHWISE("mobilenetv2", 3, 1, 192, 56, false),
    DEPTHWISE("mobilenetv2", 3, 2, 192, 56, false),
    DEPTHWISE("mobilenetv2", 3, 1, 384, 28, false),
    DEPTHWISE("mobilenetv2", 3, 2, 576, 28, false),
    DEPTHWISE("mobilenetv2", 3, 1, 960, 14, false),

    CONV("resnet50", 1, 1, 64, 64, 112),
    CONV("resnet50", 1, 1, 64, 256, 112),
    CONV("resnet50", 1, 1, 256, 64, 112),
    CONV("resnet50", 3, 2, 128, 128, 112),
    CONV("resnet50", 1, 1, 128, 512, 56),
    CONV("resnet50", 1, 1, 512, 128, 56),
    CONV("resnet50", 3, 2, 256, 256, 56),
    CONV("resnet50", 1, 1, 256, 1024, 28),
    CONV("resnet50", 1, 1, 1024, 256, 28),
    CONV("resnet50", 1, 2, 256, 512, 112),
    CONV("resnet50", 1, 2, 512, 1024, 56),
    CONV("resnet50", 1, 2, 1024, 2048, 28),
    CONV("resnet50", 1, 1, 512, 2048, 14),
    CONV("resnet50", 1, 1, 2048, 512, 14),
    CONV("resnet50", 3, 2, 512, 512, 28),

    CONV("res2net50-vd-26w-4s", 3, 1, 32, 64, 224),
    CONV("res2net50-vd-26w-4s", 1, 1, 64, 104, 112),
    CONV("res2net50-vd-26w-4s", 1, 1, 104, 256, 112),
    CONV("res2net50-vd-26w-4s", 1, 1, 256, 104, 112),
    CONV("res2net50-vd-26w-4s", 1, 1, 208, 512, 56),
    CONV("res2net50-vd-26w-4s", 1, 1, 416, 1024, 28),
    CONV("res2net50-vd-26w-4s", 1, 1, 2048, 832, 14),
    SLICE("res2net50-vd-26w-4s", 3, 1, 26, 112),
    SLICE("res2net50-vd-26w-4s", 3, 2, 52, 112),
    SLICE("res2net50-vd-26w-4s", 3, 1, 52, 56),
    SLICE("res2net50-vd-26w-4s", 3, 2, 104, 56),
    SLICE("res2net50-vd-26w-4s", 3, 1, 104, 28),
    SLICE("res2net50-vd-26w-4s", 3, 2, 208, 28),
    SLICE("res2net50-vd-26w-4s", 3, 1, 208, 14),
};
enum { CONV_SHAPES = sizeof conv_shapes / sizeof conv_shapes[0] };

#undef CONV
#undef DEPTHWISE
#undef SLICE

/* As the layers of a network ask for it (conv2d_build). */
static inline struct conv_spec conv_shape_spec(const struct conv_shape *s)
{
    return (struct conv_spec){.width = s->out_c,
                              .kernel = s->kernel,
                              .stride = s->stride,
                              .padding = s->has_same_padding ? LAYER_PADDING_SAME
                                                             : layer_usual_padding(s->kernel),
                              .groups = s->is_depthwise ? s->in_c : 1,
                              .in_pitch = s->in_pitch};
}

#endif
