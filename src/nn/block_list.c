#include "nn/block_list.h"

#include "base/memory.h"
#include "base/suggest.h"
#include "nn/block_convs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status add(struct block_list *list, const struct block_kind *kind, const char *name,
                       struct error *err)
{
    struct block *block = memory_array(1, kind->size, "network", err);
    if (!block)
        return err->status;
    block->kind = kind;
    snprintf(block->name, sizeof block->name, "%s", name);
    list->item[list->n++] = block;
    return STATUS_OK;
}

enum status block_list_create(struct block_list *out, const struct model_spec *spec,
                              struct error *err)
{
    const struct block_names *names = spec->block->names;
    size_t n = 2;
    for (int i = 0; i < spec->n_stages; i++)
        n += (size_t)spec->stage[i].blocks;
    *out = (struct block_list){.item = memory_array(n, sizeof *out->item, "network", err)};
    if (!out->item || add(out, &block_convs, names->stem_conv, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < spec->n_stages; i++)
        for (int j = 0; j < spec->stage[i].blocks; j++) {
            char name[64];
            snprintf(name, sizeof name, "%s%d.%d", names->stage, names->first_stage + i, j);
            if (add(out, spec->block, name, err) != STATUS_OK)
                return err->status;
        }
    return spec->head_width > 0 ? add(out, &block_convs, names->head_conv, err) : STATUS_OK;
}

/* Whether a block of this name is, or belongs to, what the n bytes of text name. */
static bool is_part_of(const char *block, const char *text, size_t n)
{
    return strncmp(block, text, n) == 0 && (block[n] == '\0' || block[n] == '.');
}

/* "layer4" of "layer4.1"; the stem has no stage. */
static void stage_of(char out[64], const struct block *block)
{
    snprintf(out, 64, "%s", block->name);
    char *dot = strrchr(out, '.');
    if (dot)
        *dot = '\0';
}

static enum status refuse_name(const struct block_list *list, const char *text, size_t n,
                               struct error *err)
{
    enum { MOST = MODEL_MAX_STAGES + 4 };
    char name[64], stage[MOST][64];
    const char *known[MOST] = {"head", "all"};
    int n_known = 2;
    for (int i = 0; i < list->n && n_known < MOST; i++) {
        stage_of(stage[n_known], list->item[i]);
        if (n_known == 2 || strcmp(stage[n_known], known[n_known - 1]) != 0) {
            known[n_known] = stage[n_known];
            n_known++;
        }
    }
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    const char *near = suggest_nearest(name, known, n_known);
    return error_usage(err,
                       "what learns (--train): \"%s\" is neither all, head nor a block or stage of "
                       "this network (%s ... %s)%s%s%s",
                       name, list->item[0]->name, list->item[list->n - 1]->name,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

enum status block_list_find(int *lowest, const struct block_list *list, const char *names,
                            struct error *err)
{
    *lowest = list->n;
    if (!names || strcmp(names, "all") == 0)
        *lowest = 0;
    if (*lowest == 0 || strcmp(names, "head") == 0)
        return STATUS_OK;
    for (const char *at = names;; at++) {
        size_t n = strcspn(at, ",");
        int i = 0;
        while (i < list->n && !is_part_of(list->item[i]->name, at, n))
            i++;
        if (i == list->n)
            return refuse_name(list, at, n, err);
        *lowest = i < *lowest ? i : *lowest;
        at += n;
        if (*at == '\0')
            return STATUS_OK;
    }
}

/* What all blocks have in common: whether it learns, and before and after its building. */
struct assembly {
    struct block_list *list;
    struct build *build;
    bool training;
    int lowest, next;
    struct tensor flow;
};

static struct block *begin_block(struct assembly *a)
{
    struct block *block = a->list->item[a->next];
    a->build->training = a->training && a->next >= a->lowest;
    block->in = a->flow;
    block->first_param = a->build->n_params;
    return block;
}

static void end_block(struct assembly *a, struct block *block)
{
    const struct build *b = a->build;
    bool is_read_by_lowest = a->next + 1 == a->lowest && a->lowest < a->list->n;
    if (a->training && (a->next >= a->lowest || is_read_by_lowest))
        kept_build(&block->y, a->build, shape_floats(block->out.shape));
    block->kept_end = b->activations->used;
    a->flow = block->out;
    a->next++;
}

static void build_convs(struct assembly *a, const struct block_convs_spec *s)
{
    struct block *block = begin_block(a);
    block_convs_build(block, a->build, a->flow, s);
    end_block(a, block);
}

static void build_stage(struct assembly *a, const struct model_spec *spec, int stage)
{
    for (int i = 0; i < spec->stage[stage].blocks; i++) {
        struct block_spec s = model_spec_block(spec, stage, i == 0);
        struct block *block = begin_block(a);
        block->kind->build(block, a->build, a->flow, &s);
        end_block(a, block);
    }
}

enum status block_list_build(struct block_list *list, struct build *b,
                             const struct model_spec *spec, int size, int lowest, struct error *err)
{
    const struct block_names *names = spec->block->names;
    struct assembly a = {.list = list,
                         .build = b,
                         .training = b->training,
                         .lowest = lowest,
                         .flow = {{size, size, 3}, -1}};
    struct block_convs_spec convs = {.conv = spec->stem,
                                     .n = spec->n_stem,
                                     .pool = spec->pool,
                                     .conv_name = names->stem_conv,
                                     .norm_name = names->stem_norm,
                                     .norm = spec->norm,
                                     .activation = spec->activation};
    build_convs(&a, &convs);
    for (int i = 0; i < spec->n_stages; i++)
        build_stage(&a, spec, i);
    if (spec->head_width > 0) {
        struct conv_spec head = {.width = spec->head_width, .kernel = 1, .stride = 1, .groups = 1};
        convs = (struct block_convs_spec){.conv = &head,
                                          .n = 1,
                                          .conv_name = names->head_conv,
                                          .norm_name = names->head_norm,
                                          .norm = spec->norm,
                                          .activation = spec->activation};
        build_convs(&a, &convs);
    }
    b->training = a.training;
    if (shape_pixels(a.flow.shape) == 0)
        return error_usage(err, "images of %d x %d are too small for this network", size, size);
    return STATUS_OK;
}

void block_list_free(struct block_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct block_list){0};
}
