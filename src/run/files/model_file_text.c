/* What a reader would take from silence is not written, so that the text of a network does not
 * change when model files learn a new key. */
#include "base/text_stream.h"
#include "io/yaml.h"
#include "run/files/model_file.h"
#include "run/files/model_file_words.h"

#include <stdlib.h>

const char *const model_file_norms[] = {"none", "batch", "group"};
const char *const model_file_activations[] = {"relu", "relu6"};
const char *const model_file_paddings[] = {"torch", "same"};
const char *const model_file_flags[] = {"false", "true"};

static void put_pool(FILE *stream, const struct model_spec *spec)
{
    const struct pool_spec *p = &spec->pool;
    int usual = spec->same_padding ? LAYER_PADDING_SAME : layer_usual_padding(p->kernel);
    fprintf(stream, "pool: {kernel: %d, stride: %d", p->kernel, p->stride);
    if (p->padding != usual && p->padding == LAYER_PADDING_SAME)
        fputs(", padding: same", stream);
    else if (p->padding != usual)
        fprintf(stream, ", padding: %d", p->padding);
    fputs("}\n", stream);
}

static void put_stage(FILE *stream, const struct model_spec *spec, const struct stage_spec *s)
{
    fprintf(stream, "  - {blocks: %d, width: %d, stride: %d", s->blocks, s->width, s->stride);
    for (int i = 0; i < spec->block->n_keys; i++) {
        const struct block_key *key = &spec->block->key[i];
        if (s->value[i] == key->fallback)
            continue;
        if (key->word)
            fprintf(stream, ", %s: %s", key->name, key->word[s->value[i]]);
        else
            fprintf(stream, ", %s: %d", key->name, s->value[i]);
    }
    fputs("}\n", stream);
}

static void put_norm(FILE *stream, const struct norm_spec *n)
{
    fprintf(stream, "norm: {kind: %s", model_file_norms[n->kind]);
    if (n->kind == NORM_GROUP)
        fprintf(stream, ", groups: %d", n->groups);
    if (n->kind != NORM_NONE && n->epsilon != MODEL_FILE_EPSILON)
        fprintf(stream, ", epsilon: %.17g", n->epsilon);
    if (n->kind == NORM_BATCH && n->momentum != MODEL_FILE_MOMENTUM)
        fprintf(stream, ", momentum: %.17g", n->momentum);
    fputs("}\n", stream);
}

static void put_spec(FILE *stream, const struct model_spec *spec)
{
    fputs("name: ", stream);
    yaml_put_text(stream, spec->name);
    fputs("\nstem:\n", stream);
    for (int i = 0; i < spec->n_stem; i++)
        fprintf(stream, "  - {width: %d, kernel: %d, stride: %d}\n", spec->stem[i].width,
                spec->stem[i].kernel, spec->stem[i].stride);
    if (spec->pool.kernel > 0)
        put_pool(stream, spec);
    fprintf(stream, "block: %s\nstages:\n", spec->block->name);
    for (int i = 0; i < spec->n_stages; i++)
        put_stage(stream, spec, &spec->stage[i]);
    if (spec->head_width > 0)
        fprintf(stream, "head: {width: %d}\n", spec->head_width);
    put_norm(stream, &spec->norm);
    if (spec->activation != KERNELS_RELU)
        fprintf(stream, "activation: %s\n",
                model_file_activations[spec->activation - KERNELS_RELU]);
    if (spec->same_padding)
        fputs("padding: same\n", stream);
    if (spec->zero_init_residual)
        fputs("zero-init-residual: true\n", stream);
}

enum status model_file_text(char **out, const struct model_spec *spec, struct error *err)
{
    struct text_stream t;

    *out = NULL;
    if (text_stream_open(&t, "a model description", err) != STATUS_OK)
        return err->status;
    put_spec(t.stream, spec);
    return text_stream_close(out, NULL, &t, "a model description", err);
}
