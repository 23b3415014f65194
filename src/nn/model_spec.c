/* Ranges of a network description. Every product of sizes that follows from them fits in 64 bits.
 */
#include "nn/model_spec.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WIDTH = 8192, MAX_STRIDE = 8, MAX_BLOCKS = 256 };

static enum status check_range(const char *list, int index, const char *field, int value, int min,
                               int max, struct error *err)
{
    if (value >= min && value <= max)
        return STATUS_OK;
    if (index < 0)
        return error_set(err, "%s.%s: %d is not in %d..%d", list, field, value, min, max);
    return error_set(err, "%s[%d].%s: %d is not in %d..%d", list, index, field, value, min, max);
}

static enum status check_groups(const struct model_spec *s, const char *list, int index, int width,
                                struct error *err)
{
    if (s->norm.kind == NORM_GROUP && width % s->norm.groups != 0)
        return error_set(err, "%s[%d].width: %d is not a multiple of norm.groups (%d)", list, index,
                         width, s->norm.groups);
    return STATUS_OK;
}

static enum status check_stem(const struct model_spec *s, struct error *err)
{
    if (check_range("stem", -1, "length", s->n_stem, 1, MODEL_MAX_STEM, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < s->n_stem; i++) {
        const struct conv_spec *c = &s->stem[i];
        if (check_range("stem", i, "width", c->width, 1, MAX_WIDTH, err) != STATUS_OK ||
            check_range("stem", i, "kernel", c->kernel, 1, LAYER_MAX_KERNEL, err) != STATUS_OK ||
            check_range("stem", i, "stride", c->stride, 1, MAX_STRIDE, err) != STATUS_OK ||
            check_groups(s, "stem", i, c->width, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

struct block_spec model_spec_block(const struct model_spec *spec, int stage, bool is_first)
{
    const struct stage_spec *g = &spec->stage[stage];
    struct block_spec s = {.width = g->width,
                           .stride = is_first ? g->stride : 1,
                           .is_first = is_first,
                           .norm = spec->norm,
                           .activation = spec->activation,
                           .same_padding = spec->same_padding,
                           .zero_init_residual = spec->zero_init_residual};
    memcpy(s.value, g->value, sizeof s.value);
    return s;
}

static enum status check_block(const struct model_spec *s, int stage, struct error *err)
{
    struct block_spec block = model_spec_block(s, stage, true);
    char what[32];
    snprintf(what, sizeof what, "stages[%d]", stage);
    return s->block->check ? s->block->check(&block, what, err) : STATUS_OK;
}

static enum status check_keys(const struct model_spec *s, int stage, struct error *err)
{
    for (int i = 0; i < s->block->n_keys; i++) {
        const struct block_key *k = &s->block->key[i];
        if (check_range("stages", stage, k->name, s->stage[stage].value[i], k->min, k->max, err) !=
            STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status check_stages(const struct model_spec *s, struct error *err)
{
    if (check_range("stages", -1, "length", s->n_stages, 1, MODEL_MAX_STAGES, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < s->n_stages; i++) {
        const struct stage_spec *g = &s->stage[i];
        if (check_range("stages", i, "blocks", g->blocks, 1, MAX_BLOCKS, err) != STATUS_OK ||
            check_range("stages", i, "width", g->width, 1, MAX_WIDTH, err) != STATUS_OK ||
            check_range("stages", i, "stride", g->stride, 1, MAX_STRIDE, err) != STATUS_OK ||
            check_groups(s, "stages", i, g->width, err) != STATUS_OK ||
            check_keys(s, i, err) != STATUS_OK || check_block(s, i, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status check_pool(const struct pool_spec *p, struct error *err)
{
    if (p->kernel == 0)
        return STATUS_OK;
    if (check_range("pool", -1, "kernel", p->kernel, 1, LAYER_MAX_KERNEL, err) != STATUS_OK ||
        check_range("pool", -1, "stride", p->stride, 1, MAX_STRIDE, err) != STATUS_OK)
        return err->status;
    /* A window of nothing but padding has no largest pixel. */
    return p->padding == LAYER_PADDING_SAME
               ? STATUS_OK
               : check_range("pool", -1, "padding", p->padding, 0, p->kernel / 2, err);
}

static enum status check_norm(const struct norm_spec *n, struct error *err)
{
    if (n->kind == NORM_GROUP &&
        check_range("norm", -1, "groups", n->groups, 1, MAX_WIDTH, err) != STATUS_OK)
        return err->status;
    if (n->kind != NORM_NONE && !(n->epsilon > 0 && n->epsilon <= 1))
        return error_set(err, "norm.epsilon: %g is not in (0, 1]", n->epsilon);
    if (n->kind == NORM_BATCH && !(n->momentum > 0 && n->momentum <= 1))
        return error_set(err, "norm.momentum: %g is not in (0, 1]", n->momentum);
    return STATUS_OK;
}

enum status model_spec_check(const struct model_spec *s, struct error *err)
{
    if (check_norm(&s->norm, err) != STATUS_OK || check_stem(s, err) != STATUS_OK ||
        check_pool(&s->pool, err) != STATUS_OK || check_stages(s, err) != STATUS_OK)
        return err->status;
    if (s->head_width == 0)
        return STATUS_OK;
    if (check_range("head", -1, "width", s->head_width, 1, MAX_WIDTH, err) != STATUS_OK)
        return err->status;
    if (s->norm.kind == NORM_GROUP && s->head_width % s->norm.groups != 0)
        return error_set(err, "head.width: %d is not a multiple of norm.groups (%d)", s->head_width,
                         s->norm.groups);
    return STATUS_OK;
}
