/* Forward and backward-data as products of gathered pixels with a filter matrix: what im2col and
 * the direct method have in common.
 *
 * Forward is one such product, and backward-data one for each residue of the input position modulo
 * the stride (a phase): a convolution of dy with a part of the turned filter. With stride 1 there
 * is one phase, a convolution with the turned filter. No zeros are multiplied and no thread adds
 * where another does. */
#ifndef NN_CONV_CONV2D_PHASES_H
#define NN_CONV_CONV2D_PHASES_H

#include "math/im2col.h"
#include "nn/conv/conv2d_method.h"

struct conv2d_phase {
    const float *source; /* [batch, shape.height, shape.width, shape.pitch] */
    const float *filter; /* [depth, out.channels]; depth = taps * shape.channels */
    float *out;          /* [batch, out height, out width, out_pitch] */
    int depth, out_pitch;
    struct shape out_shape;
    struct im2col_shape shape;
    struct im2col_run run[LAYER_MAX_KERNEL]; /* a filter row each */
    int rows;                                /* position rows for each sample */
    int spread, top, left; /* position (r, p) is out pixel (r * spread + top, p * spread + left) */
    bool accumulate;       /* out += product, else out = product */
    const struct conv2d_finish *finish; /* NULL, or what follows; spread is 1 then */
    struct samples samples;
    struct arena *scratch;
};

/* Where a sample begins. */
static inline const float *conv2d_phase_source(const struct conv2d_phase *p, int sample)
{
    return p->source + (size_t)sample * (size_t)p->shape.height * (size_t)p->shape.width *
                           (size_t)p->shape.pitch;
}
static inline float *conv2d_phase_out(const struct conv2d_phase *p, int sample)
{
    return p->out + (size_t)sample * shape_pixels(p->out_shape) * (size_t)p->out_pitch;
}

/* Calls run for each phase of the pass (of which Pass is forward or backward-data); as
 * conv2d_method.run. */
void conv2d_phases_run(const struct conv2d *c, enum conv2d_pass pass, float *out,
                       const float *source, struct samples samples, bool accumulate,
                       const struct conv2d_finish *finish,
                       void (*run)(const struct conv2d_phase *phase));
/* turned [taps, out, in] = the filter's blocks [in, out] turned, in the order in which
 * backward-data uses them (with stride 1: the taps backwards). */
void conv2d_phases_turn(float *turned, const struct conv2d *c);

#endif
