/* Ranges of a network description. Every product of sizes that follows from them fits in 64 bits.
 */
#include "nn/model_spec.h"

#include <stddef.h>

enum { MAX_WIDTH = 8192, MAX_STRIDE = 8, MAX_BLOCKS = 256 };

int model_spec_padding(int kernel)
{
    return kernel % 2 ? (kernel - 1) / 2 : 0;
}

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
    if (s->norm == NORM_GROUP && width % s->groups != 0)
        return error_set(err, "%s[%d].width: %d is not a multiple of norm.groups (%d)", list, index,
                         width, s->groups);
    return STATUS_OK;
}

static enum status check_stem(const struct model_spec *s, struct error *err)
{
    enum status status = check_range("stem", -1, "length", s->n_stem, 1, MODEL_MAX_STEM, err);
    for (int i = 0; i < s->n_stem && status == STATUS_OK; i++) {
        const struct conv_spec *c = &s->stem[i];
        if ((status = check_range("stem", i, "width", c->width, 1, MAX_WIDTH, err)) != STATUS_OK ||
            (status = check_range("stem", i, "kernel", c->kernel, 1, MODEL_MAX_KERNEL, err)) !=
                STATUS_OK ||
            (status = check_range("stem", i, "stride", c->stride, 1, MAX_STRIDE, err)) != STATUS_OK)
            return status;
        status = check_groups(s, "stem", i, c->width, err);
    }
    return status;
}

static enum status check_stages(const struct model_spec *s, struct error *err)
{
    enum status status = check_range("stages", -1, "length", s->n_stages, 1, MODEL_MAX_STAGES, err);
    for (int i = 0; i < s->n_stages && status == STATUS_OK; i++) {
        const struct stage_spec *g = &s->stage[i];
        if ((status = check_range("stages", i, "blocks", g->blocks, 1, MAX_BLOCKS, err)) !=
                STATUS_OK ||
            (status = check_range("stages", i, "width", g->width, 1, MAX_WIDTH, err)) !=
                STATUS_OK ||
            (status = check_range("stages", i, "stride", g->stride, 1, MAX_STRIDE, err)) !=
                STATUS_OK)
            return status;
        status = check_groups(s, "stages", i, g->width, err);
    }
    return status;
}

enum status model_spec_check(const struct model_spec *s, struct error *err)
{
    enum status status = STATUS_OK;
    if (s->norm == NORM_GROUP)
        status = check_range("norm", -1, "groups", s->groups, 1, MAX_WIDTH, err);
    if (status == STATUS_OK)
        status = check_stem(s, err);
    if (status == STATUS_OK && s->pool_kernel != 0) {
        status = check_range("pool", -1, "kernel", s->pool_kernel, 1, MODEL_MAX_KERNEL, err);
        if (status == STATUS_OK)
            status = check_range("pool", -1, "stride", s->pool_stride, 1, MAX_STRIDE, err);
    }
    return status == STATUS_OK ? check_stages(s, err) : status;
}
