/* Which method computes a convolution, for each of its three passes. By shape and processor level
 * alone, never by timing at start-up, so that two runs on one machine give the same bytes. */
#ifndef NN_CONV2D_PLAN_H
#define NN_CONV2D_PLAN_H

#include <stddef.h>

enum conv2d_method {
    CONV2D_IM2COL,   /* im2col tiles and BLAS: any shape; the reference */
    CONV2D_DIRECT,   /* implicit product with the own micro-kernel */
    CONV2D_WINOGRAD, /* F(4x4, 3x3): 3x3, stride 1, channels in multiples of 16 */
};

/* What the user asked for: the planner's choice, or one method wherever it fits. */
enum conv2d_choice { CONV2D_AUTO, CONV2D_ALL_IM2COL, CONV2D_ALL_WINOGRAD, CONV2D_ALL_DIRECT };

struct conv2d_plan {
    enum conv2d_method forward, backward_data, backward_weights;
};

struct conv2d;
/* Each pass by the wanted method, or the next of winograd > direct > im2col that fits the shape. */
struct conv2d_plan conv2d_plan_fit(const struct conv2d *c, struct conv2d_plan wanted);
struct conv2d_plan conv2d_plan_choose(const struct conv2d *c, enum conv2d_choice choice);
const char *conv2d_plan_name(enum conv2d_method method); /* "im2col", "direct", "winograd" */
/* "winograd", or "direct/direct/im2col" (forward, backward-data, backward-weights) where they
 * differ; at most 27 characters. */
void conv2d_plan_text(char *out, size_t size, const struct conv2d_plan *plan);

#endif
