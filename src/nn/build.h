/* What layers are built with. The same code runs twice: a first pass counts parameters and measures
 * memory (parameters are then NULL), a second one, on a table and arenas of just that size, hands
 * them out. */
#ifndef NN_BUILD_H
#define NN_BUILD_H

#include "base/memory.h"
#include "nn/model.h"
#include "nn/param.h"

#include <stdbool.h>

/* Scratch memory that all layers share; each keeps a pointer to this struct, not to the arrays.
 * Sizes in what their names end in. */
struct workspace {
    /* For each worker, whole cache lines: im2col rows and a product, a band (direct), or what one
     * block of a Winograd convolution has. */
    size_t tile_floats;
    /* Partial sums of weight gradients, or a block of transformed tiles of x and dy. */
    size_t partial_floats;
    size_t packed_floats; /* a filter turned for backward-data */
    /* A filter in panels, its Winograd transform or that of its gradient, or transformed tiles. */
    size_t transformed_floats;
    size_t stats_doubles; /* partial sums of a normalisation */
    /* Without training nothing is kept for backward and layers share these: a convolution's output,
     * what is inside of a block, and two outputs of blocks in turn. With training: the gradients of
     * two neighbouring activations in turn. */
    size_t conv_out_floats, inner_floats, output_floats, gradient_floats[2];
    float *tile, *partial, *packed, *transformed, *conv_out, *inner, *output[2], *gradient[2];
    double *stats;
};

struct build {
    struct arena *activations;
    struct param *param;          /* NULL in the first pass */
    int n_params;                 /* so far */
    size_t n_trained, n_buffers;  /* floats so far, each parameter padded to whole cache lines */
    float *data, *grad, *buffers; /* NULL in the first pass */
    struct workspace *workspace;
    int max_batch;
    bool training;
    bool freeze_batch_norm;
    enum conv2d_choice convolutions;
    const struct conv2d_plan *plan; /* NULL, or takes the place of that (tests) */
    struct model_summary
        *summary;       /* NULL, or takes a row for each layer; then `error` may be set */
    struct error error; /* of the summary's allocation */
};

/* The next parameter of the table; NULL in the first pass. Dimensions not used are 0. */
struct param *build_param(struct build *b, enum param_kind kind, const char *layer,
                          const char *suffix, int d0, int d1, int d2, int d3);
void build_layer(struct build *b, const char *name, const char *description, int height, int width,
                 int channels, int64_t parameters, int64_t multiply_adds);
/* Says in the row just added how the layer is computed. */
void build_layer_method(struct build *b, const struct conv2d_plan *plan);
/* Makes a workspace array at least this large, in whole cache lines (of floats). */
void build_need(size_t *have, size_t needed);

#endif
