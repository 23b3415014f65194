#include "nn/block_shortcut.h"

#include <stdio.h>

const char *const block_shortcut_words[2] = {"conv", "average-pool"};

enum block_shortcut_kind block_shortcut_choose(struct tensor in, const struct block_spec *s,
                                               int key)
{
    if (s->stride == 1 && in.shape.channels == s->width)
        return BLOCK_SHORTCUT_IDENTITY;
    return key == 0 ? BLOCK_SHORTCUT_CONV : BLOCK_SHORTCUT_POOL;
}

static bool wants_pool(enum block_shortcut_kind kind, const struct block_spec *s)
{
    return kind == BLOCK_SHORTCUT_POOL && s->stride > 1;
}

int block_shortcut_row(enum block_shortcut_kind kind, const struct build *b, struct tensor in,
                       const struct block_spec *s, int ahead)
{
    if (kind == BLOCK_SHORTCUT_NONE)
        return -1;
    /* A pool's row, the convolution's and the norm's. */
    return kind == BLOCK_SHORTCUT_IDENTITY ? in.row : b->n_rows + ahead + wants_pool(kind, s) + 1;
}

void block_shortcut_build(struct block_shortcut *s, enum block_shortcut_kind kind, struct build *b,
                          const struct block *block, const struct block_spec *spec)
{
    struct tensor x = block->in;
    int number = kind == BLOCK_SHORTCUT_POOL ? 1 : 0;
    char conv[96], norm[96];
    *s = (struct block_shortcut){.kind = kind,
                                 .has_pool = wants_pool(kind, spec),
                                 .scratch = b->scratch,
                                 .max_batch = b->max_batch};
    if (kind == BLOCK_SHORTCUT_NONE || kind == BLOCK_SHORTCUT_IDENTITY)
        return;
    if (s->has_pool) {
        snprintf(conv, sizeof conv, "%s.downsample.0", block->name);
        x = average_pool_build(
            &s->pool, b, conv, x,
            &(struct average_pool_spec){.kernel = 2, .stride = spec->stride, .rounds_up = true});
        if (b->training)
            kept_build(&s->pooled, b, shape_floats(x.shape));
    }
    snprintf(conv, sizeof conv, "%s.downsample.%d", block->name, number);
    snprintf(norm, sizeof norm, "%s.downsample.%d", block->name, number + 1);
    conv_norm_build(&s->conv, b, conv, norm, x, -1,
                    &(struct conv_norm_spec){.conv = {.width = spec->width,
                                                      .kernel = 1,
                                                      .stride = s->has_pool ? 1 : spec->stride,
                                                      .padding = block_padding(spec, 1),
                                                      .groups = 1},
                                             .norm = &spec->norm});
}

static float *take_pooled(const struct block_shortcut *s)
{
    return arena_floats(s->scratch, shape_floats(s->pool.out) * (size_t)s->max_batch);
}

const float *block_shortcut_forward(struct block_shortcut *s, float *y, const float *x,
                                    size_t first, struct samples samples, enum model_mode mode)
{
    size_t mark = s->scratch->used;
    if (s->kind == BLOCK_SHORTCUT_NONE)
        return NULL;
    if (s->kind == BLOCK_SHORTCUT_IDENTITY)
        return x;
    if (s->has_pool) {
        const struct kept kept = kept_from(&s->pooled, first, s->max_batch);
        float *pooled = kept.values ? kept.values : take_pooled(s);
        average_pool_forward(&s->pool, pooled, x, samples);
        if (layer_keeps(mode))
            kept_store(&kept, pooled, samples, s->scratch);
        x = pooled;
    }
    conv_norm_forward(&s->conv, y, x, NULL, samples, mode);
    arena_release(s->scratch, mark);
    return y;
}

void block_shortcut_backward(struct block_shortcut *s, float *dx, float *g, const float *x,
                             size_t first, struct samples samples)
{
    size_t mark = s->scratch->used;
    if (s->kind == BLOCK_SHORTCUT_NONE || s->kind == BLOCK_SHORTCUT_IDENTITY)
        return;
    if (!s->has_pool) {
        conv_norm_backward(&s->conv, dx, g, NULL, x, samples, true);
        return;
    }
    float *dpooled = dx ? take_pooled(s) : NULL;
    const struct kept kept = kept_from(&s->pooled, first, s->max_batch);
    conv_norm_backward(&s->conv, dpooled, g, NULL, kept_read(&kept, samples, s->scratch), samples,
                       false);
    if (dx)
        average_pool_backward(&s->pool, dx, dpooled, samples, true);
    arena_release(s->scratch, mark);
}
