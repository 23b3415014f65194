#include "nn/block_list.h"

#include "base/memory.h"
#include "nn/block_convs.h"

#include <stdio.h>
#include <stdlib.h>

static enum status add(struct block_list *list, const struct block_kind *kind, struct error *err)
{
    struct block *block = memory_array(1, kind->size, "network", err);
    if (!block)
        return err->status;
    block->kind = kind;
    list->item[list->n++] = block;
    return STATUS_OK;
}

enum status block_list_create(struct block_list *out, const struct model_spec *spec,
                              struct error *err)
{
    size_t n = 2;
    for (int i = 0; i < spec->n_stages; i++)
        n += (size_t)spec->stage[i].blocks;
    *out = (struct block_list){.item = memory_array(n, sizeof *out->item, "network", err)};
    if (!out->item || add(out, &block_convs, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < spec->n_stages; i++)
        for (int j = 0; j < spec->stage[i].blocks; j++)
            if (add(out, spec->block, err) != STATUS_OK)
                return err->status;
    return spec->head_width > 0 ? add(out, &block_convs, err) : STATUS_OK;
}

/* Takes memory for what the block gives, if that is kept. */
static struct tensor finish(struct block *block, struct build *b)
{
    if (b->training)
        block->y =
            arena_floats(b->activations, shape_floats(block->out.shape) * (size_t)b->max_batch);
    return block->out;
}

static struct tensor build_convs(struct block *block, struct build *b, struct tensor in,
                                 const struct block_convs_spec *s)
{
    snprintf(block->name, sizeof block->name, "%s", s->conv_name);
    block->in = in;
    block->first_param = b->n_params;
    block_convs_build(block, b, in, s);
    return finish(block, b);
}

static struct tensor build_stage(struct block **block, struct build *b, struct tensor in,
                                 const struct model_spec *spec, int stage)
{
    for (int i = 0; i < spec->stage[stage].blocks; i++) {
        struct block_spec s = model_spec_block(spec, stage, i == 0);
        const struct block_names *names = block[i]->kind->names;
        snprintf(block[i]->name, sizeof block[i]->name, "%s%d.%d", names->stage,
                 names->first_stage + stage, i);
        block[i]->in = in;
        block[i]->first_param = b->n_params;
        block[i]->kind->build(block[i], b, in, &s);
        in = finish(block[i], b);
    }
    return in;
}

enum status block_list_build(struct block_list *list, struct build *b,
                             const struct model_spec *spec, int size, struct error *err)
{
    const struct block_names *names = spec->block->names;
    struct block **block = list->item;
    struct block_convs_spec convs = {.conv = spec->stem,
                                     .n = spec->n_stem,
                                     .pool = spec->pool,
                                     .conv_name = names->stem_conv,
                                     .norm_name = names->stem_norm,
                                     .norm = spec->norm,
                                     .activation = spec->activation};
    struct tensor flow = build_convs(*block++, b, (struct tensor){{size, size, 3}, -1}, &convs);
    for (int i = 0; i < spec->n_stages; block += spec->stage[i++].blocks)
        flow = build_stage(block, b, flow, spec, i);
    if (spec->head_width > 0) {
        struct conv_spec head = {spec->head_width, 1, 1, 0, 1};
        convs = (struct block_convs_spec){.conv = &head,
                                          .n = 1,
                                          .conv_name = names->head_conv,
                                          .norm_name = names->head_norm,
                                          .norm = spec->norm,
                                          .activation = spec->activation};
        flow = build_convs(*block, b, flow, &convs);
    }
    if (shape_pixels(flow.shape) == 0)
        return error_usage(err, "pictures of %d x %d are too small for this network", size, size);
    return STATUS_OK;
}

void block_list_free(struct block_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct block_list){0};
}
