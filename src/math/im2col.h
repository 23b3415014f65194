/* Gathers the input pixels under a filter into rows, so that a convolution becomes a matrix
 * product.
 *
 * One routine serves both directions. Forward reads x at oh * stride + r - pad. Backward-data is a
 * convolution again, of dy with the filter turned, one for each residue of the input position
 * modulo the stride (a "phase"): each input pixel gathers what the outputs that saw it send back,
 * so threads never add into the same place (a col2im would). */
#ifndef MATH_IM2COL_H
#define MATH_IM2COL_H

/* Neighbouring filter taps in one filter row: n pixels from (dh, dw) rightwards, relative to step *
 * position. */
struct im2col_run {
    int dh, dw, n;
};

struct im2col_shape {
    int height, width, channels; /* of the source, NHWC */
    int pitch;                   /* floats from one pixel of the source to the next, >= channels */
    int out_width;               /* positions in a row */
    int step;                    /* source pixels from one position to the next */
    const struct im2col_run *run;
    int n_runs;
};

/* col [n_rows * out_width, taps * channels] from source [height, width, pitch] of one sample,
 * for the position rows first_row .. first_row + n_rows - 1; taps in the order of the runs; zeros
 * outside of the source. */
void im2col(float *col, const float *source, const struct im2col_shape *s, int first_row,
            int n_rows);

#endif
