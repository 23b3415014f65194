/* Each piece is a range of tiles, some at a time, with sums of its own: what it transforms never
 * leaves its cache. The number of ranges is fixed, and their sums are added in order, so the result
 * does not depend on the number of threads. */
#include "nn/conv2d_winograd_narrow.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv2d_tiles.h"

#include <string.h>

enum {
    POINTS = CONV2D_TILE_POINTS,
    NARROW = 64 * 64, /* channels in times out */
    RANGES = 16,
    BLOCK_TILES = 32,
    SUM_FLOATS = 16 * 1024
};

bool conv2d_winograd_is_narrow(int in_c, int out_c)
{
    return (size_t)in_c * out_c <= NARROW;
}

static size_t sums_point(const struct conv2d *c)
{
    return conv2d_winograd_point((size_t)c->in_c * c->out_c);
}

void conv2d_winograd_narrow_need(const struct conv2d *c, struct workspace *w)
{
    build_need(&w->tile_floats, POINTS * (conv2d_winograd_point((size_t)BLOCK_TILES * c->in_c) +
                                          conv2d_winograd_point((size_t)BLOCK_TILES * c->out_c)));
    build_need(&w->partial_floats, RANGES * POINTS * sums_point(c));
}

struct narrow {
    const struct conv2d *conv;
    const float *x, *dy;
    struct conv2d_tiles tiles;
    const struct kernels *kernels;
    float *v, *m; /* a worker's: 36 times [BLOCK_TILES, in_c] and [BLOCK_TILES, out_c] */
    size_t v_point, m_point;
};

static void transform(const struct narrow *j, int first, int n)
{
    const struct conv2d *c = j->conv;
    for (int i = 0; i < n; i++) {
        struct conv2d_tile t = conv2d_tiles_at(&j->tiles, first + i);
        j->kernels->winograd_input(j->v + (size_t)i * c->in_c, j->v_point,
                                   j->x + t.picture * c->in_c, c->in_c, t.top - 1, t.left - 1,
                                   c->in_h, c->in_w, c->in_c);
        j->kernels->winograd_gradient(j->m + (size_t)i * c->out_c, j->m_point,
                                      j->dy + t.pixel * c->out_c, t.rows, t.columns, c->out_w,
                                      c->out_c);
    }
}

/* du [in_c, out_c] (+)= v^T x m, for each point. */
static void add_products(const struct narrow *j, float *du, int n, bool accumulate)
{
    const struct conv2d *c = j->conv;
    int panel = j->kernels->tile_columns;
    struct kernels_tile t = {.a_row = 1,
                             .a_step = c->in_c,
                             .depth = n,
                             .segments = 1,
                             .b_step = c->out_c,
                             .c_row = c->out_c,
                             .accumulate = accumulate};
    for (int p = 0; p < POINTS; p++)
        for (int k = 0; k < c->out_c; k += panel)
            j->kernels->tile_product(du + p * sums_point(c) + k, j->v + p * j->v_point,
                                     j->m + p * j->m_point + k, c->in_c,
                                     c->out_c - k < panel ? c->out_c - k : panel, &t);
}

static void range_piece(void *context, int range, int worker)
{
    struct narrow j = *(const struct narrow *)context;
    const struct workspace *w = j.conv->workspace;
    float *du = w->partial + range * POINTS * sums_point(j.conv);
    int first = (int)((int64_t)j.tiles.n * range / RANGES);
    int end = (int)((int64_t)j.tiles.n * (range + 1) / RANGES);
    j.v = w->tile + worker * w->tile_floats;
    j.m = j.v + POINTS * j.v_point;
    if (first == end)
        memset(du, 0, POINTS * sums_point(j.conv) * sizeof *du);
    for (int at = first, n; at < end; at += n) {
        n = end - at < BLOCK_TILES ? end - at : BLOCK_TILES;
        transform(&j, at, n);
        add_products(&j, du, n, at > first);
    }
}

static void sum_piece(void *context, int piece, int worker)
{
    const struct narrow *j = context;
    const struct workspace *w = j->conv->workspace;
    size_t all = POINTS * sums_point(j->conv), first = (size_t)piece * SUM_FLOATS;
    (void)worker;
    j->kernels->sum_parts(w->transformed + first, w->partial + first,
                          all - first < SUM_FLOATS ? all - first : SUM_FLOATS, RANGES, all);
}

void conv2d_winograd_narrow_sums(const struct conv2d *c, const float *x, const float *dy,
                                 struct samples samples)
{
    struct narrow j = {.conv = c,
                       .x = x,
                       .dy = dy,
                       .tiles = conv2d_tiles_of(c->out_h, c->out_w, samples),
                       .kernels = kernels_get(),
                       .v_point = conv2d_winograd_point((size_t)BLOCK_TILES * c->in_c),
                       .m_point = conv2d_winograd_point((size_t)BLOCK_TILES * c->out_c)};
    parallel_for(range_piece, &j, RANGES);
    parallel_for(sum_piece, &j, (int)((POINTS * sums_point(c) + SUM_FLOATS - 1) / SUM_FLOATS));
}
