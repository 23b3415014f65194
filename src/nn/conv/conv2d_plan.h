/* Which method computes a convolution, for each of its three passes. By shape and processor level
 * alone, never by timing at start-up, so that two runs on one machine give the same bytes. */
#ifndef NN_CONV_CONV2D_PLAN_H
#define NN_CONV_CONV2D_PLAN_H

#include "nn/conv/conv2d_method.h"

/* Sets c->plan and c->whole. */
void conv2d_plan_choose(struct conv2d *c, enum conv2d_choice choice, bool has_frozen_norm);
/* Each pass by the wanted method (wanted [CONV2D_PASSES]), or the next one behind it in the order
 * winograd, direct, im2col that fits the shape. */
void conv2d_plan_set(struct conv2d *c, const enum conv2d_kind *wanted);
/* "winograd", or "direct/direct/im2col" (forward, backward-data, backward-weights) where they
 * differ; at most 27 characters. */
void conv2d_plan_text(char *out, size_t size, const struct conv2d *c);

/* What `make bench-kernels` measured to be fastest, by processor level and shape (of a square
 * image). */
struct conv2d_plan_row {
    const char *level; /* as struct kernels names it */
    int kernel, stride, in_c, out_c, size;
    enum conv2d_kind plan[CONV2D_PASSES];
};
extern const struct conv2d_plan_row conv2d_plan_table[]; /* conv2d_table.c */
extern const int conv2d_plan_table_rows;

#endif
