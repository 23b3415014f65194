/* What only the pool reads is not kept: backward finds all that it needs in the pool's output. */
#include "nn/block_convs.h"

#include "nn/conv_norm.h"
#include "nn/pool.h"

#include <stdio.h>

struct convs {
    struct block block;
    struct conv_norm unit[BLOCK_CONVS_MAX];
    int n;
    struct kept y[BLOCK_CONVS_MAX]; /* of each but the last */
    bool has_pool;
    struct max_pool pool;
    size_t spare_floats[2]; /* outputs that are not kept, in turn */
    struct arena *scratch;
};

/* Walks as backward does. */
static void need_gradients(struct convs *k, struct tensor in)
{
    struct block *block = &k->block;
    int at = 0;
    block->gradient_floats[0] = shape_floats(block->out.shape);
    block->gradient_floats[1] = 0;
    if (k->has_pool) {
        at = !at;
        block_raise_to(&block->gradient_floats[at], shape_floats(k->pool.in));
    }
    for (int i = k->n - 1; i > 0 || (i == 0 && in.row >= 0); i--) {
        at = !at;
        block_raise_to(&block->gradient_floats[at], shape_floats(k->unit[i].conv.in));
    }
    block->returns_in_g = at == 0;
}

void block_convs_build(struct block *block, struct build *b, struct tensor in,
                       const struct block_convs_spec *s)
{
    struct convs *k = (struct convs *)block;
    struct tensor y = in;
    k->n = s->n;
    k->has_pool = s->pool.kernel > 0;
    k->scratch = b->scratch;
    for (int i = 0; i < s->n; i++) {
        char conv[32], norm[32];
        bool last = i + 1 == s->n;
        snprintf(conv, sizeof conv, s->n > 1 ? "%s.%d" : "%s", s->conv_name, 3 * i);
        snprintf(norm, sizeof norm, last ? "%s" : "%s.%d", last ? s->norm_name : s->conv_name,
                 3 * i + 1);
        y = conv_norm_build(&k->unit[i], b, conv, norm, y, -1,
                            &(struct conv_norm_spec){
                                .conv = s->conv[i], .norm = &s->norm, .activation = s->activation});
        size_t floats = shape_floats(y.shape) * (size_t)b->max_batch;
        k->y[i] = (struct kept){0};
        if (!last && b->training)
            kept_build(&k->y[i], b, shape_floats(y.shape));
        if (!k->y[i].values && (!last || k->has_pool))
            block_raise_to(&k->spare_floats[i % 2], floats);
    }
    if (k->has_pool)
        y = pool_max_build(&k->pool, b, "maxpool", y, &s->pool);
    block->out = y;
    need_gradients(k, in);
}

static void forward(struct block *block, float *y, const float *x, struct samples samples,
                    enum model_mode mode)
{
    struct convs *k = (struct convs *)block;
    size_t mark = k->scratch->used;
    float *spare[2];
    for (int i = 0; i < 2; i++)
        spare[i] = arena_floats(k->scratch, k->spare_floats[i]);
    for (int i = 0; i < k->n; i++) {
        bool last = i + 1 == k->n;
        float *out = last && !k->has_pool ? y : k->y[i].values ? k->y[i].values : spare[i % 2];
        conv_norm_forward(&k->unit[i], out, x, NULL, samples, mode);
        if (layer_keeps(mode))
            kept_store(&k->y[i], out, samples, k->scratch);
        x = out;
    }
    if (k->has_pool)
        pool_max_forward(&k->pool, y, x, samples);
    arena_release(k->scratch, mark);
}

static void backward(struct block *block, float *g, float *other, const float *x,
                     struct samples samples, bool wants_dx)
{
    struct convs *k = (struct convs *)block;
    enum kernels_activation activation = k->unit[k->n - 1].norm.activation;
    const float *y = kept_mask(&block->y, g, activation, samples, k->scratch);
    if (k->has_pool) {
        if (y)
            pool_max_activation_backward(&k->pool, g, y, activation, samples);
        pool_max_backward(&k->pool, other, g, samples);
        float *dx = other;
        other = g;
        g = dx;
        y = NULL;
    }
    for (int i = k->n - 1; i >= 0; i--) {
        size_t mark = k->scratch->used;
        const float *input = i > 0 ? kept_read(&k->y[i - 1], samples, k->scratch) : x;
        conv_norm_backward(&k->unit[i], i > 0 || wants_dx ? other : NULL, g, y, input, samples,
                           false);
        float *dx = other;
        other = g;
        g = dx;
        arena_release(k->scratch, mark);
        if (i > 0)
            y = kept_mask(&k->y[i - 1], g, k->unit[i - 1].norm.activation, samples, k->scratch);
    }
}

const struct block_kind block_convs = {
    .name = "convs", .size = sizeof(struct convs), .forward = forward, .backward = backward};
