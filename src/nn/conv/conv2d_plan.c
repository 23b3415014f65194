/* The choice: the row of the measured table that is nearest to the shape, and then for each pass
 * the first method that fits, from the row's down the list winograd > direct > im2col (> depthwise,
 * which alone fits its shapes). */
#include "nn/conv/conv2d_plan.h"

#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below that most of a 4x4 tile is border: more work than it saves, and gradients that are exactly
 * 0 (a tap that only ever sees padding) come out as rounding noise, which Adam's first step, the
 * sign of the gradient, turns into whole steps. */
enum { WINOGRAD_MIN_SIZE = 7 };

static const enum conv2d_kind order[] = {CONV2D_WINOGRAD, CONV2D_DIRECT, CONV2D_IM2COL,
                                         CONV2D_DEPTHWISE};
enum { ORDER = sizeof order / sizeof order[0] };

static bool fits(const struct conv2d *c, enum conv2d_kind kind, enum conv2d_pass pass)
{
    if (kind == CONV2D_WINOGRAD &&
        (c->out.height < WINOGRAD_MIN_SIZE || c->out.width < WINOGRAD_MIN_SIZE))
        return false;
    return conv2d_methods[kind]->fits(c, pass);
}

void conv2d_plan_set(struct conv2d *c, const enum conv2d_kind *wanted)
{
    for (int pass = 0; pass < CONV2D_PASSES; pass++) {
        int i = 0;
        while (order[i] != wanted[pass])
            i++;
        while (i < ORDER - 1 && !fits(c, order[i], (enum conv2d_pass)pass))
            i++;
        c->plan[pass] = order[i];
    }
}

/* Doublings between two sizes. */
static double doublings(int a, int b)
{
    return fabs(log2((double)a / b));
}

/* Channels that fill whole vectors: a method with padded ones says little about them. */
static bool is_whole(int in_c, int out_c)
{
    return in_c % 16 == 0 && out_c % 16 == 0;
}

/* How unlike a shape is a row: doublings of channels and image; kernel and stride, which
 * make another algorithm of it, and whether vectors are padded weigh eight times as much. */
static double distance(const struct conv2d_plan_row *r, const struct conv2d *c)
{
    bool is_other = is_whole(r->in_c, r->out_c) != is_whole(c->in.channels, c->out.channels);
    return doublings(r->in_c, c->in.channels) + doublings(r->out_c, c->out.channels) +
           doublings(r->size, c->in.height) +
           8 * (doublings(r->kernel, c->kernel) + doublings(r->stride, c->stride) + is_other);
}

/* The nearest row of the processor's level; the first of equals. */
static const enum conv2d_kind *look_up(const struct conv2d *c)
{
    static const enum conv2d_kind im2col[CONV2D_PASSES] = {CONV2D_IM2COL, CONV2D_IM2COL,
                                                           CONV2D_IM2COL};
    const struct conv2d_plan_row *nearest = NULL;
    for (int i = 0; i < conv2d_plan_table_rows; i++) {
        const struct conv2d_plan_row *r = &conv2d_plan_table[i];
        if (strcmp(r->level, kernels_get()->level) == 0 &&
            (!nearest || distance(r, c) < distance(nearest, c)))
            nearest = r;
    }
    return nearest ? nearest->plan : im2col;
}

/* Both backward passes in one, unless a choice forces another method. */
static const struct conv2d_whole *choose_whole(const struct conv2d *c, enum conv2d_choice choice)
{
    if (conv2d_depthwise_whole.fits(c))
        return &conv2d_depthwise_whole;
    bool is_free = choice == CONV2D_AUTO || choice == CONV2D_ALL_DIRECT;
    return is_free && conv2d_pointwise.fits(c) ? &conv2d_pointwise : NULL;
}

void conv2d_plan_choose(struct conv2d *c, enum conv2d_choice choice, bool has_frozen_norm)
{
    c->whole = has_frozen_norm ? choose_whole(c, choice) : NULL;
    if (choice == CONV2D_AUTO) {
        conv2d_plan_set(c, look_up(c));
        return;
    }
    enum conv2d_kind all = CONV2D_IM2COL;
    /* Where Winograd does not fit, im2col: the forced runs compare with that. */
    if (choice == CONV2D_ALL_WINOGRAD && fits(c, CONV2D_WINOGRAD, CONV2D_FORWARD))
        all = CONV2D_WINOGRAD;
    else if (choice == CONV2D_ALL_DIRECT)
        all = CONV2D_DIRECT;
    conv2d_plan_set(c, (const enum conv2d_kind[CONV2D_PASSES]){all, all, all});
}

void conv2d_plan_text(char *out, size_t size, const struct conv2d *c)
{
    const char *name[CONV2D_PASSES];
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        name[pass] = pass != CONV2D_FORWARD && c->whole ? c->whole->name
                                                        : conv2d_methods[c->plan[pass]]->name;
    if (strcmp(name[0], name[1]) == 0 && strcmp(name[0], name[2]) == 0)
        snprintf(out, size, "%s", name[0]);
    else
        snprintf(out, size, "%s/%s/%s", name[0], name[1], name[2]);
}
