/* The Res2Net block of Gao et al. 2019: 1x1 to `scale` groups of channels; a 3x3 for each group but
 * the last, whose input is its group plus the output before it (a chain); 1x1 to width, plus a
 * shortcut. Where the block strides there is no chain, and the last group goes through a 3x3
 * average pool; else it passes. Names as timm's.
 *
 * Groups are slices of two tensors, `groups` [batch, in pixels, inner], what the first 1x1
 * computes, and `joined` [batch, out pixels, inner], what the last one reads: neither splitting nor
 * concatenation moves anything but the last group of a chain. Until that comes, its place in
 * `joined` holds the sum that a convolution reads; in backward, which needs no concatenation any
 * more, again. (Not the convolution's own place: with fixed statistics a norm writes there while
 * pixels beside are still to be read.) Gradients lie likewise. */
#include "nn/block_kinds.h"
#include "nn/block_shortcut.h"

#include "base/parallel.h"

#include <stdio.h>

enum { MAX_SCALE = LAYER_MAX_PARTS + 1 };
enum { BASE_WIDTH, SCALE, SHORTCUT, CHAIN_IN_FIRST_BLOCK, POOL_COUNTS_PADDING, KEYS };

static const char *const flags[] = {"false", "true"};
static const struct block_key keys[KEYS] = {
    [BASE_WIDTH] = {"base-width", 1, 512, NULL, 26},
    [SCALE] = {"scale", 2, MAX_SCALE, NULL, 4},
    [SHORTCUT] = {"shortcut", 0, 1, block_shortcut_words, 0},
    /* The same weights fit all four networks, so that a file must say which is meant. */
    [CHAIN_IN_FIRST_BLOCK] = {"chain-in-first-block", 0, 1, flags, BLOCK_KEY_REQUIRED},
    [POOL_COUNTS_PADDING] = {"pool-counts-padding", 0, 1, flags, BLOCK_KEY_REQUIRED},
};

struct res2net {
    struct block block;
    struct conv_norm first, unit[MAX_SCALE - 1], last;
    struct block_shortcut shortcut;
    int n, width, inner; /* units; channels of a group, and of all */
    bool has_chain;      /* else a pool */
    struct average_pool pool;
    struct kept groups, joined;
    size_t groups_floats, joined_floats; /* for max_batch samples */
    struct arena *scratch;
};

/* Channels of a group; at a width of 256 they are base-width. */
static int group_width(const struct block_spec *s)
{
    return s->width * s->value[BASE_WIDTH] / 256;
}

static enum status check(const struct block_spec *s, const char *what, struct error *err)
{
    int width = group_width(s);
    if (width == 0)
        return error_set(err, "%s.width: of %d with base-width %d no channel is left for a group",
                         what, s->width, s->value[BASE_WIDTH]);
    if (s->norm.kind == NORM_GROUP && width % s->norm.groups != 0)
        return error_set(err,
                         "%s.width: groups of %d channels (width %d, base-width %d) are not a "
                         "multiple of norm.groups (%d)",
                         what, width, s->width, s->value[BASE_WIDTH], s->norm.groups);
    if (s->same_padding && s->value[POOL_COUNTS_PADDING])
        return error_set(err, "%s.pool-counts-padding: true is for padding: torch", what);
    return STATUS_OK;
}

/* "layer1.0.convs.2", or without a number. */
static void name_part(char out[96], const struct block *block, const char *part, int number)
{
    if (number < 0)
        snprintf(out, 96, "%s.%s", block->name, part);
    else
        snprintf(out, 96, "%s.%s.%d", block->name, part, number);
}

/* The sum of group i and the output before it, or the group itself; *first: its channel in what
 * the row writes. */
static struct tensor build_input(const struct res2net *k, struct build *b, struct tensor groups,
                                 struct tensor before, int i, int *first)
{
    struct tensor in = groups;
    char name[96];
    in.shape.channels = k->width;
    *first = i * k->width;
    if (!k->has_chain || i == 0)
        return in;
    name_part(name, &k->block, "sums", i);
    in = layer_add_row(b, name,
                       (struct layer_row){.operation = LAYER_SUM,
                                          .input = groups.row,
                                          .residual = before.row,
                                          .in = in.shape,
                                          .out = in.shape,
                                          .in_channel = *first});
    *first = 0;
    return in;
}

static struct tensor build_pool(struct res2net *k, struct build *b, struct tensor groups,
                                const struct block_spec *s)
{
    char name[96];
    name_part(name, &k->block, "pool", -1);
    groups.shape.channels = k->width;
    return average_pool_build(&k->pool, b, name, groups,
                              &(struct average_pool_spec){
                                  .kernel = 3,
                                  .stride = s->stride,
                                  .padding = block_padding(s, 3),
                                  .counts_padding = s->value[POOL_COUNTS_PADDING] == 1,
                                  .in_pitch = k->inner,
                                  .in_channel = k->n * k->width,
                                  .out_pitch = k->inner,
                              });
}

/* The layers between the two 1x1 convolutions. */
static struct tensor build_groups(struct res2net *k, struct build *b, struct tensor groups,
                                  const struct block_spec *s)
{
    struct layer_row row = {
        .operation = LAYER_CONCAT, .residual = -1, .in_channel = k->n * k->width, .n_parts = k->n};
    struct tensor y = groups;
    char conv[96], norm[96];
    for (int i = 0; i < k->n; i++) {
        int first;
        struct tensor in = build_input(k, b, groups, y, i, &first);
        name_part(conv, &k->block, "convs", i);
        name_part(norm, &k->block, "bns", i);
        y = conv_norm_build(&k->unit[i], b, conv, norm, in, -1,
                            &(struct conv_norm_spec){.conv = {.width = k->width,
                                                              .kernel = 3,
                                                              .stride = s->stride,
                                                              .padding = block_padding(s, 3),
                                                              .groups = 1,
                                                              .in_pitch = k->inner,
                                                              .in_channel = first},
                                                     .norm = &s->norm,
                                                     .activation = s->activation,
                                                     .out_pitch = k->inner});
        row.part[i] = y.row;
    }
    struct tensor last = groups;
    last.shape.channels = k->width;
    if (!k->has_chain) {
        last = build_pool(k, b, groups, s);
        row.in_channel = 0;
    }
    row.input = last.row;
    row.in = row.out = last.shape;
    row.out.channels = k->inner;
    name_part(conv, &k->block, "concat", -1);
    return layer_add_row(b, conv, row);
}

static void keep_memory(struct res2net *k, struct build *b, struct tensor groups,
                        struct tensor joined)
{
    k->groups_floats = shape_floats(groups.shape) * (size_t)b->max_batch;
    k->joined_floats = shape_floats(joined.shape) * (size_t)b->max_batch;
    if (!b->training)
        return;
    kept_build(&k->groups, b, shape_floats(groups.shape));
    kept_build(&k->joined, b, shape_floats(joined.shape));
}

static void need_gradients(struct res2net *k, struct tensor groups)
{
    struct block *block = &k->block;
    size_t in = shape_floats(block->in.shape), inner = shape_floats(groups.shape);
    block->returns_in_g = k->shortcut.kind == BLOCK_SHORTCUT_IDENTITY;
    block->gradient_floats[0] = shape_floats(block->out.shape);
    block->gradient_floats[1] = block->returns_in_g || inner > in ? inner : in;
}

static void build(struct block *block, struct build *b, struct tensor in,
                  const struct block_spec *s)
{
    struct res2net *k = (struct res2net *)block;
    enum block_shortcut_kind shortcut = block_shortcut_choose(in, s, s->value[SHORTCUT]);
    k->n = s->value[SCALE] - 1;
    k->width = group_width(s);
    k->inner = k->width * s->value[SCALE];
    k->scratch = b->scratch;
    k->has_chain = s->stride == 1 &&
                   (shortcut == BLOCK_SHORTCUT_IDENTITY || s->value[CHAIN_IN_FIRST_BLOCK] == 1);
    char conv[96], norm[96];
    struct conv_norm_spec unit = {.conv = {.width = k->inner,
                                           .kernel = 1,
                                           .stride = 1,
                                           .padding = block_padding(s, 1),
                                           .groups = 1},
                                  .norm = &s->norm,
                                  .activation = s->activation};
    name_part(conv, block, "conv1", -1);
    name_part(norm, block, "bn1", -1);
    struct tensor groups = conv_norm_build(&k->first, b, conv, norm, in, -1, &unit);
    struct tensor joined = build_groups(k, b, groups, s);
    unit.conv.width = s->width;
    unit.starts_at_zero = s->zero_init_residual;
    name_part(conv, block, "conv3", -1);
    name_part(norm, block, "bn3", -1);
    block->out = conv_norm_build(&k->last, b, conv, norm, joined,
                                 block_shortcut_row(shortcut, b, in, s, 2), &unit);
    block_shortcut_build(&k->shortcut, shortcut, b, block, s);
    keep_memory(k, b, groups, joined);
    need_gradients(k, groups);
}

/* ---- passes ---- */

/* to = a + b, or a where b is NULL: slices of tensors that are k->inner channels wide. */
struct sum {
    const struct res2net *k;
    float *to;
    const float *a, *b;
    struct samples samples;
    struct shape shape;
};

static void add_row(void *context, int piece, int worker)
{
    const struct sum *s = context;
    size_t sample = (size_t)s->samples.index[piece / s->shape.height],
           width = (size_t)s->shape.width, pitch = (size_t)s->k->inner;
    size_t row = sample * (size_t)s->shape.height + (size_t)(piece % s->shape.height);
    size_t at = row * width * pitch;
    (void)worker;
    kernels_get()->slice_add(s->to + at, pitch, s->a + at, pitch, s->b ? s->b + at : NULL, pitch,
                             width, s->k->width);
}

static void add(const struct res2net *k, float *to, const float *a, const float *b,
                struct samples samples)
{
    struct sum sum = {k, to, a, b, samples, k->first.conv.out};
    if (!arena_measures(k->scratch))
        parallel_for(add_row, &sum, samples.n * sum.shape.height);
}

/* The input of unit i. */
static const float *input_of(const struct res2net *k, float *joined, const float *groups, int i,
                             struct samples samples)
{
    if (!k->has_chain || i == 0)
        return groups + i * k->width;
    float *sum = joined + k->n * k->width;
    add(k, sum, groups + i * k->width, joined + (i - 1) * k->width, samples);
    return sum;
}

static void forward(struct block *block, float *y, const float *x, struct samples samples,
                    enum model_mode mode)
{
    struct res2net *k = (struct res2net *)block;
    size_t mark = k->scratch->used;
    float *groups =
        k->groups.values ? k->groups.values : arena_floats(k->scratch, k->groups_floats);
    float *joined =
        k->joined.values ? k->joined.values : arena_floats(k->scratch, k->joined_floats);
    conv_norm_forward(&k->first, groups, x, NULL, samples, mode);
    for (int i = 0; i < k->n; i++)
        conv_norm_forward(&k->unit[i], joined + i * k->width,
                          input_of(k, joined, groups, i, samples), NULL, samples, mode);
    int last = k->n * k->width;
    if (k->has_chain)
        add(k, joined + last, groups + last, NULL, samples);
    else
        average_pool_forward(&k->pool, joined + last, groups + last, samples);
    if (layer_keeps(mode)) {
        kept_store(&k->groups, groups, samples, k->scratch);
        kept_store(&k->joined, joined, samples, k->scratch);
    }
    const float *residual = block_shortcut_forward(&k->shortcut, y, x, 0, samples, mode);
    conv_norm_forward(&k->last, y, joined, residual, samples, mode);
    arena_release(k->scratch, mark);
}

/* From dL/djoined to dL/dgroups, which may be the same array where there is a chain: a group's
 * gradient has been read when that of its input is written. */
static void groups_backward(struct res2net *k, float *dgroups, float *djoined, float *joined,
                            const float *groups, struct samples samples)
{
    for (int i = k->n - 1; i >= 0; i--) {
        struct conv_norm *u = &k->unit[i];
        int at = i * k->width;
        const float *in = input_of(k, joined, groups, i, samples);
        conv_norm_backward(u, dgroups + at, djoined + at, joined + at, in, samples, false);
        if (k->has_chain && i > 0)
            add(k, djoined + at - k->width, djoined + at - k->width, dgroups + at, samples);
    }
    if (!k->has_chain)
        average_pool_backward(&k->pool, dgroups + k->n * k->width, djoined + k->n * k->width,
                              samples, false);
}

static void backward(struct block *block, float *g, float *other, const float *x,
                     struct samples samples, bool wants_dx)
{
    struct res2net *k = (struct res2net *)block;
    size_t mark = k->scratch->used;
    float *djoined = k->has_chain ? other : arena_floats(k->scratch, k->joined_floats);
    float *dx = !wants_dx ? NULL : block->returns_in_g ? g : other;
    float *joined = kept_read(&k->joined, samples, k->scratch),
          *groups = kept_read(&k->groups, samples, k->scratch);
    const float *y = kept_mask(&block->y, g, k->last.norm.activation, samples, k->scratch);
    conv_norm_backward(&k->last, djoined, g, y, joined, samples, false);
    groups_backward(k, other, djoined, joined, groups, samples);
    conv_norm_backward(&k->first, dx, other, groups, x, samples, block->returns_in_g);
    block_shortcut_backward(&k->shortcut, dx, g, x, 0, samples);
    arena_release(k->scratch, mark);
}

const struct block_kind block_res2net = {
    .name = "res2net",
    .key = keys,
    .n_keys = KEYS,
    .names = &block_names_resnet,
    .size = sizeof(struct res2net),
    .check = check,
    .build = build,
    .forward = forward,
    .backward = backward,
};
