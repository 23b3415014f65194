/* Rows gathered by im2col times a filter matrix, tile by tile: what forward and backward-data have
 * in common. */
#ifndef NN_CONV2D_GATHER_H
#define NN_CONV2D_GATHER_H

#include "math/im2col.h"
#include "nn/conv2d.h"

struct conv2d_gather {
    const float *source; /* [batch, shape.height, shape.width, shape.channels] */
    const float *filter; /* [depth, out_c]; depth = taps * shape.channels */
    float *out;          /* [batch, out_h, out_w, out_c] */
    int depth, out_h, out_w, out_c;
    struct im2col_shape shape;
    struct im2col_run run[MODEL_MAX_KERNEL]; /* a filter row each */
    int rows;                                /* position rows for each sample */
    int spread, top, left; /* position (r, p) is out pixel (r * spread + top, p * spread + left) */
    bool accumulate;       /* out += product, else out = product */
    struct samples samples;
    const struct workspace *workspace;
};

/* Scratch floats that a worker needs. */
size_t conv2d_gather_floats(int depth, int width, int out_c);
void conv2d_gather_run(const struct conv2d_gather *g);

#endif
