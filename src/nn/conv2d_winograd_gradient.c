#include "nn/conv2d_winograd_gradient.h"

#include "math/kernels.h"
#include "nn/conv2d_winograd.h"

static size_t point_floats(int channels, int block_tiles)
{
    return conv2d_winograd_point((size_t)block_tiles * channels);
}

size_t conv2d_winograd_gradient_floats(const struct conv2d *c, int block_tiles, int channels)
{
    return CONV2D_TILE_POINTS *
           (point_floats(channels, block_tiles) + point_floats(c->out_c, block_tiles));
}

struct conv2d_winograd_gradient conv2d_winograd_gradient_of(const struct conv2d *c, const float *x,
                                                            const float *dy, struct samples samples,
                                                            int block_tiles, int channels)
{
    return (struct conv2d_winograd_gradient){.conv = c,
                                             .x = x,
                                             .dy = dy,
                                             .tiles = conv2d_tiles_of(c->out_h, c->out_w, samples),
                                             .channels = channels,
                                             .v_point = point_floats(channels, block_tiles),
                                             .m_point = point_floats(c->out_c, block_tiles)};
}

void conv2d_winograd_gradient_place(struct conv2d_winograd_gradient *g, float *floats)
{
    g->v = floats;
    g->m = floats + CONV2D_TILE_POINTS * g->v_point;
}

void conv2d_winograd_gradient_transform(const struct conv2d_winograd_gradient *g, int row,
                                        int first, int n)
{
    const struct conv2d *c = g->conv;
    const struct kernels *k = kernels_get();
    for (int i = 0; i < n; i++) {
        struct conv2d_tile t = conv2d_tiles_at(&g->tiles, first + i);
        k->winograd_input(g->v + (size_t)(row + i) * g->channels, g->v_point,
                          g->x + t.picture * c->in_c + g->channel, c->in_c, t.top - 1, t.left - 1,
                          c->in_h, c->in_w, g->channels);
        k->winograd_gradient(g->m + (size_t)(row + i) * c->out_c, g->m_point,
                             g->dy + t.pixel * c->out_c, t.rows, t.columns, c->out_w, c->out_c);
    }
}

void conv2d_winograd_gradient_product(const struct conv2d_winograd_gradient *g, float *du,
                                      int point, int first, int n_channels, int n, bool accumulate)
{
    const struct conv2d *c = g->conv;
    const struct kernels *k = kernels_get();
    struct kernels_tile t = {.a_row = 1,
                             .a_step = g->channels,
                             .depth = n,
                             .segments = 1,
                             .b_step = c->out_c,
                             .c_row = c->out_c,
                             .accumulate = accumulate};
    for (int out = 0; out < c->out_c; out += k->tile_columns) {
        int columns = c->out_c - out < k->tile_columns ? c->out_c - out : k->tile_columns;
        k->tile_product(du + out, g->v + point * g->v_point + first,
                        g->m + point * g->m_point + out, n_channels, columns, &t);
    }
}
