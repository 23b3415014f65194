/* The choice. Where a method does not fit, the next one down the list im2col < direct < winograd
 * serves. */
#include "nn/conv2d_plan.h"

#include "math/kernels.h"
#include "nn/conv2d_winograd.h"

/* Below that most of a 4x4 tile is border: more work than it saves, and gradients that are exactly
 * 0 (a tap that only ever sees padding) come out as rounding noise, which Adam's first step, the
 * sign of the gradient, turns into whole steps. */
enum { WINOGRAD_MIN_SIZE = 7 };

static bool direct_weights_fit(const struct conv2d *c)
{
    return c->out_c % 16 == 0; /* vectors of dy are read whole */
}

/* Measured with `make bench-kernels`: Winograd wins wherever it fits, the direct kernel everywhere
 * else but in the portable build, whose compiler knows no wide registers where BLAS does. */
struct conv2d_plan conv2d_plan_choose(const struct conv2d *c, enum conv2d_choice choice)
{
    struct conv2d_plan plan = {CONV2D_IM2COL, CONV2D_IM2COL, CONV2D_IM2COL};
    bool winograd = choice == CONV2D_AUTO || choice == CONV2D_ALL_WINOGRAD;
    bool direct =
        choice == CONV2D_ALL_DIRECT || (choice == CONV2D_AUTO && kernels_get()->tile_rows > 3);
    if (winograd && conv2d_winograd_fits(c) && c->out_h >= WINOGRAD_MIN_SIZE &&
        c->out_w >= WINOGRAD_MIN_SIZE)
        return (struct conv2d_plan){CONV2D_WINOGRAD, CONV2D_WINOGRAD, CONV2D_WINOGRAD};
    if (direct) {
        plan.forward = plan.backward_data = CONV2D_DIRECT;
        if (direct_weights_fit(c))
            plan.backward_weights = CONV2D_DIRECT;
    }
    return plan;
}

const char *conv2d_plan_name(enum conv2d_method method)
{
    static const char *const name[] = {"im2col", "direct", "winograd"};
    return name[method];
}
