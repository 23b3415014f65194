/* What is below every layer: shapes, the samples that a pass visits, what convolutions and norms
 * are described by, what layers are built with, and the rows that say what was built.
 *
 * Layers are built twice by the same code: a first pass counts parameters and measures memory
 * (parameters are then NULL), a second one, on a table and arenas of just that size, hands them
 * out. Scratch memory is an arena that passes take from and give back to, like a stack. It is
 * measured by running the passes once on the empty arena: each takes what it will take, and does
 * nothing (arena_measures). */
#ifndef NN_LAYER_H
#define NN_LAYER_H

#include "base/arena.h"
#include "math/kernels.h"
#include "nn/param.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one sample's activation, NHWC. */
struct shape {
    int height, width, channels;
};

static inline size_t shape_pixels(struct shape s)
{
    return (size_t)s.height * (size_t)s.width;
}

static inline size_t shape_floats(struct shape s)
{
    return shape_pixels(s) * (size_t)s.channels;
}

/* Which samples of the batch a pass visits: n >= 1 ascending indices. The others are neither read
 * nor written. index is NULL while scratch memory is measured. */
struct samples {
    const int *index;
    int n;
};

enum model_mode {
    MODEL_TRAIN, /* BatchNorm uses the batch's statistics and updates the running ones; activations
                    are kept for backward */
    MODEL_TRAIN_RECOMPUTE, /* as MODEL_TRAIN, of a batch that was trained on in this step already:
                          the running statistics stay as they are */
    MODEL_EVAL, /* running statistics; changes no parameter, and destroys the activations that
                   a training forward kept: no backward until the next one */
    /* As MODEL_EVAL; besides, each BatchNorm that learns measures what it gets (norm.h), over all
       calls up to and with that of MODEL_MEASURE_END. With weights that had no statistics, since
       they were folded into the convolutions. */
    MODEL_MEASURE,
    MODEL_MEASURE_END,
};
/* Whether backward may follow. */
static inline bool layer_keeps(enum model_mode mode)
{
    return mode == MODEL_TRAIN || mode == MODEL_TRAIN_RECOMPUTE;
}

/* padding: zeros (or, for a max-pool, -inf) above and on the left, and as many below and on the
 * right; LAYER_PADDING_SAME: TensorFlow's, which is as small as it can be for ceil(size / stride)
 * outputs, an odd one below and on the right. groups: 1, or as many as input and output channels
 * (depthwise).
 * A convolution may read a slice of a wider tensor's channels: in_pitch is the distance of the
 * wider one's pixels in floats (0: as many as there are channels), in_channel the slice's first
 * channel, for the layer table alone: what a pass is given points at it. Not for depthwise ones. */
enum { LAYER_PADDING_SAME = -1, LAYER_MAX_KERNEL = 15 };
struct conv_spec {
    int width, kernel, stride, padding, groups; /* width: output channels */
    int in_pitch, in_channel;
};
struct pool_spec {
    int kernel, stride, padding;
};

enum norm_kind { NORM_NONE, NORM_BATCH, NORM_GROUP };
struct norm_spec {
    enum norm_kind kind;
    int groups; /* of GroupNorm; every width is a multiple of it */
    double epsilon,
        momentum; /* momentum: of BatchNorm's running statistics, the new batch's share */
};

/* Where a window of `kernel` begins relative to its position (zeros before the input's first
 * pixel), and how many positions there are along an axis of `in` pixels; 0 if the input is too
 * small. */
int layer_padding_before(int in, int kernel, int stride, int padding);
int layer_out_size(int in, int kernel, int stride, int padding);
/* PyTorch's habit: (kernel - 1) / 2 for odd kernels (the size is kept at stride 1), 0 for even ones
 * (patches). */
int layer_usual_padding(int kernel);

/* What a user may ask for: the planner's choice, or one method wherever it fits. */
enum conv2d_choice { CONV2D_AUTO, CONV2D_ALL_IM2COL, CONV2D_ALL_WINOGRAD, CONV2D_ALL_DIRECT };

/* An activation as a layer's input or output: its shape, and the row of the layer that writes it
 * (-1: the image). */
struct tensor {
    struct shape shape;
    int row;
};

/* A layer, for --dry-run and for who writes the network in another format. */
enum layer_operation {
    LAYER_CONV,
    LAYER_NORM, /* then, if residual >= 0, the sum with that row's output, then the activation */
    LAYER_MAX_POOL,
    LAYER_AVERAGE_POOL, /* kernel 0: over all pixels, which no network has so far */
    LAYER_LINEAR,       /* of the mean over the pixels of its input */
    LAYER_SUM,          /* of input and residual */
    LAYER_CONCAT, /* channels of the outputs of part[0] ... part[n_parts - 1], then of input */
};
enum { LAYER_MAX_PARTS = 7 };
struct layer_row {
    char name[96]; /* "layer1.0.conv1": of its parameters */
    enum layer_operation operation;
    int input, residual; /* rows; -1: the image, of `residual`: none */
    struct shape in, out;
    int kernel, stride, pad_top, pad_left, groups; /* of convolutions and pools; of GroupNorm */
    bool pad_counts;                               /* average pool: zeros of the padding count */
    int in_channel;                                /* first channel that is read of a wider input */
    int part[LAYER_MAX_PARTS], n_parts;            /* rows, of LAYER_CONCAT */
    struct norm_spec norm;
    enum kernels_activation activation;
    int first_param, n_params; /* in the parameter table */
    int64_t parameters;        /* numbers that are trained */
    int64_t multiply_adds;     /* for one sample; convolutions and linear layers */
    char method[32];           /* of a convolution: conv2d_plan_text; else "" */
};
/* "conv 3x3/2 64->128", "group norm, 8 groups". */
void layer_describe(char *out, size_t size, const struct layer_row *row);

struct layer_table {
    struct layer_row *row; /* owned */
    int n;
    size_t capacity;
};

struct build {
    struct arena *activations, *scratch;
    struct param *param; /* NULL in the first pass */
    int n_params;        /* so far */
    /* Floats so far, each parameter padded to whole cache lines; n_grads: of those that learn. */
    size_t n_trained, n_grads, n_buffers;
    float *data, *grad, *buffers; /* NULL in the first pass */
    int max_batch;
    bool training; /* the present layer keeps its activations, and its parameters learn */
    bool freeze_batch_norm;
    bool keeps_halves;          /* nn/kept.h */
    atomic_ullong *n_saturated; /* of what is kept as halves; not NULL with those */
    enum conv2d_choice convolutions;
    int n_rows;                /* so far */
    struct layer_table *table; /* NULL, or takes the rows; then `error` may be set */
    struct error error;        /* of the table's allocation */
};

/* The next parameter of the table, "LAYER.SUFFIX", as `p` says (kind, dim, start, head); dimensions
 * not used are 0. NULL in the first pass. */
struct param *layer_param(struct build *b, const char *layer, const char *suffix, struct param p);
/* Appends a row whose parameters are the last row.n_params ones; returns its output. The row's name
 * is copied from `name`. */
struct tensor layer_add_row(struct build *b, const char *name, struct layer_row row);

#endif
