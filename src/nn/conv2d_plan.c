/* The choice: the row of the measured table that is nearest to the shape, and then for each pass
 * the first method that fits, from the row's down the list winograd > direct > im2col. */
#include "nn/conv2d_plan.h"

#include "math/kernels.h"
#include "nn/conv2d_table.h"
#include "nn/conv2d_winograd.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below that most of a 4x4 tile is border: more work than it saves, and gradients that are exactly
 * 0 (a tap that only ever sees padding) come out as rounding noise, which Adam's first step, the
 * sign of the gradient, turns into whole steps. */
enum { WINOGRAD_MIN_SIZE = 7 };

static bool winograd_fits(const struct conv2d *c)
{
    return conv2d_winograd_fits(c) && c->out_h >= WINOGRAD_MIN_SIZE &&
           c->out_w >= WINOGRAD_MIN_SIZE;
}

static bool direct_weights_fit(const struct conv2d *c)
{
    return c->out_c % 16 == 0; /* vectors of dy are read whole */
}

/* Doublings between two sizes. */
static double doublings(int a, int b)
{
    return fabs(log2((double)a / b));
}

/* How unlike a shape is a row: doublings of channels and picture; kernel and stride, which make
 * another algorithm of it, weigh eight times as much. */
static double distance(const struct conv2d_table_row *r, const struct conv2d *c)
{
    return doublings(r->in_c, c->in_c) + doublings(r->out_c, c->out_c) +
           doublings(r->size, c->in_h) +
           8 * (doublings(r->kernel, c->kernel) + doublings(r->stride, c->stride));
}

/* The nearest row of the processor's level; the first of equals. */
static struct conv2d_plan look_up(const struct conv2d *c)
{
    const struct conv2d_table_row *nearest = NULL;
    for (int i = 0; i < conv2d_table_rows; i++) {
        const struct conv2d_table_row *r = &conv2d_table[i];
        if (strcmp(r->level, kernels_get()->level) == 0 &&
            (!nearest || distance(r, c) < distance(nearest, c)))
            nearest = r;
    }
    return nearest ? nearest->plan
                   : (struct conv2d_plan){CONV2D_IM2COL, CONV2D_IM2COL, CONV2D_IM2COL};
}

static enum conv2d_method fitting(enum conv2d_method wanted, bool winograd, bool direct)
{
    if (wanted == CONV2D_WINOGRAD && !winograd)
        wanted = CONV2D_DIRECT;
    return wanted == CONV2D_DIRECT && !direct ? CONV2D_IM2COL : wanted;
}

struct conv2d_plan conv2d_plan_fit(const struct conv2d *c, struct conv2d_plan wanted)
{
    bool winograd = winograd_fits(c);
    return (struct conv2d_plan){fitting(wanted.forward, winograd, true),
                                fitting(wanted.backward_data, winograd, true),
                                fitting(wanted.backward_weights, winograd, direct_weights_fit(c))};
}

struct conv2d_plan conv2d_plan_choose(const struct conv2d *c, enum conv2d_choice choice)
{
    enum conv2d_method all = CONV2D_IM2COL;
    /* Where Winograd does not fit, im2col: the forced runs compare with that. */
    if (choice == CONV2D_ALL_WINOGRAD && winograd_fits(c))
        all = CONV2D_WINOGRAD;
    else if (choice == CONV2D_ALL_DIRECT)
        all = CONV2D_DIRECT;
    return conv2d_plan_fit(c, choice == CONV2D_AUTO ? look_up(c)
                                                    : (struct conv2d_plan){all, all, all});
}

const char *conv2d_plan_name(enum conv2d_method method)
{
    static const char *const name[] = {"im2col", "direct", "winograd"};
    return name[method];
}

void conv2d_plan_text(char *out, size_t size, const struct conv2d_plan *plan)
{
    if (plan->forward == plan->backward_data && plan->forward == plan->backward_weights)
        snprintf(out, size, "%s", conv2d_plan_name(plan->forward));
    else
        snprintf(out, size, "%s/%s/%s", conv2d_plan_name(plan->forward),
                 conv2d_plan_name(plan->backward_data), conv2d_plan_name(plan->backward_weights));
}
