#include "run/files/model_file.h"

#include "base/number.h"
#include "base/suggest.h"
#include "base/text.h"
#include "io/yaml.h"
#include "nn/block_kinds.h"
#include "run/files/model_file_words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* map is a map and has only keys of the list. what: where in the file, for messages. */
static enum status check_keys(const struct yaml_tree *map, const char *what,
                              const char *const *known, int n_known, struct error *err)
{
    if (map->kind != YAML_MAP)
        return error_set(err, "%s:%d: %s: \"key: value\" pairs were expected", map->file, map->line,
                         what);
    for (int i = 0; i < map->n; i++) {
        bool found = false;
        for (int j = 0; j < n_known; j++)
            found = found || strcmp(map->key[i], known[j]) == 0;
        if (found)
            continue;
        const char *near = suggest_nearest(map->key[i], known, n_known);
        return error_set(err, "%s:%d: %s: unknown key \"%s\"%s%s%s", map->file, map->key_line[i],
                         what, map->key[i], near ? "; did you mean \"" : "", near ? near : "",
                         near ? "\"?" : "");
    }
    return STATUS_OK;
}

static enum status find_key(const struct yaml_tree **out, const struct yaml_tree *map,
                            const char *what, const char *key, struct error *err)
{
    *out = yaml_tree_find(map, key);
    if (!*out)
        return error_set(err, "%s:%d: %s: key \"%s\" is missing", map->file, map->line, what, key);
    return STATUS_OK;
}

/* Which numbers make sense together is model_spec_check's knowledge. */
static enum status read_int(int *out, const struct yaml_tree *map, const char *what,
                            const char *key, struct error *err)
{
    const struct yaml_tree *node;
    char name[64];
    long value;
    if (find_key(&node, map, what, key, err) != STATUS_OK)
        return err->status;
    snprintf(name, sizeof name, "%s.%s", what, key);
    if (yaml_tree_int(&value, node, name, 1, INT_MAX, err) != STATUS_OK)
        return err->status;
    *out = (int)value;
    return STATUS_OK;
}

/* The index of node's text among n words. */
static enum status read_word(int *out, const struct yaml_tree *node, const char *what,
                             const char *const *word, int n, struct error *err)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    for (int i = 0; i < n; i++) {
        if (strcmp(text, word[i]) == 0) {
            *out = i;
            return STATUS_OK;
        }
    }
    char choices[128] = "";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(choices);
        snprintf(choices + used, sizeof choices - used, "%s%s", i ? "|" : "", word[i]);
    }
    return error_set(err, "%s:%d: %s: \"%s\" is not one of %s", node->file, node->line, what, text,
                     choices);
}

/* As read_word, of a key that may be missing; *out is then as it was. */
static enum status read_choice(int *out, const struct yaml_tree *map, const char *key,
                               const char *const *word, int n, struct error *err)
{
    const struct yaml_tree *node = yaml_tree_find(map, key);
    return node ? read_word(out, node, key, word, n, err) : STATUS_OK;
}

/* A number of a key that may be missing; *out is then as it was. */
static enum status read_number(double *out, const struct yaml_tree *map, const char *what,
                               const char *key, struct error *err)
{
    const struct yaml_tree *node = yaml_tree_find(map, key);
    if (!node || (node->kind == YAML_SCALAR && number_parse(out, node->text)))
        return STATUS_OK;
    return error_set(err, "%s:%d: %s.%s: \"%s\" is not a number", node->file, node->line, what, key,
                     node->kind == YAML_SCALAR ? node->text : "");
}

/* The list under key, of at most `most` members. */
static enum status find_list(const struct yaml_tree **out, const struct yaml_tree *root,
                             const char *key, int most, struct error *err)
{
    if (find_key(out, root, "model", key, err) != STATUS_OK)
        return err->status;
    if ((*out)->kind != YAML_LIST || (*out)->n < 1 || (*out)->n > most)
        return error_set(err, "%s:%d: %s: a list of 1 to %d members was expected", root->file,
                         (*out)->line, key, most);
    return STATUS_OK;
}

static enum status read_stem(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"width", "kernel", "stride"};
    const struct yaml_tree *list;
    char what[32];
    if (find_list(&list, root, "stem", MODEL_MAX_STEM, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < list->n; i++) {
        const struct yaml_tree *map = &list->child[i];
        struct conv_spec *conv = &out->stem[out->n_stem++];
        snprintf(what, sizeof what, "stem[%d]", i);
        if (check_keys(map, what, known, COUNT(known), err) != STATUS_OK ||
            read_int(&conv->width, map, what, "width", err) != STATUS_OK ||
            read_int(&conv->kernel, map, what, "kernel", err) != STATUS_OK ||
            read_int(&conv->stride, map, what, "stride", err) != STATUS_OK)
            return err->status;
        conv->padding = out->same_padding ? LAYER_PADDING_SAME : layer_usual_padding(conv->kernel);
        conv->groups = 1;
    }
    return STATUS_OK;
}

static enum status read_padding(int *out, const struct yaml_tree *map, struct error *err)
{
    const struct yaml_tree *node = yaml_tree_find(map, "padding");
    long value;
    if (!node)
        return STATUS_OK;
    if (node->kind == YAML_SCALAR && strcmp(node->text, "same") == 0) {
        *out = LAYER_PADDING_SAME;
        return STATUS_OK;
    }
    if (yaml_tree_int(&value, node, "pool.padding", 0, LAYER_MAX_KERNEL, err) != STATUS_OK)
        return err->status;
    *out = (int)value;
    return STATUS_OK;
}

static enum status read_pool(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"kernel", "stride", "padding"};
    const struct yaml_tree *map = yaml_tree_find(root, "pool");
    struct pool_spec *pool = &out->pool;
    if (!map)
        return STATUS_OK;
    if (check_keys(map, "pool", known, COUNT(known), err) != STATUS_OK ||
        read_int(&pool->kernel, map, "pool", "kernel", err) != STATUS_OK ||
        read_int(&pool->stride, map, "pool", "stride", err) != STATUS_OK)
        return err->status;
    pool->padding = out->same_padding ? LAYER_PADDING_SAME : layer_usual_padding(pool->kernel);
    return read_padding(&pool->padding, map, err);
}

/* One key of a block's kind, from where it may stand; *out is as it was if it does not. */
static enum status read_block_key(int *out, const struct yaml_tree *map, const char *what,
                                  const struct block_key *key, struct error *err)
{
    const struct yaml_tree *node = yaml_tree_find(map, key->name);
    char name[64];
    long value;
    if (!node)
        return STATUS_OK;
    snprintf(name, sizeof name, "%s.%s", what, key->name);
    if (key->word)
        return read_word(out, node, name, key->word, key->max + 1, err);
    if (yaml_tree_int(&value, node, name, key->min, key->max, err) != STATUS_OK)
        return err->status;
    *out = (int)value;
    return STATUS_OK;
}

/* "block: basic", or "block: {kind: inverted, kernel: 3}": keys of the kind for all stages, into
 * value. */
static enum status read_block(struct model_spec *out, int value[BLOCK_MAX_KEYS],
                              const struct yaml_tree *root, struct error *err)
{
    const char *name[16], *known[BLOCK_MAX_KEYS + 1] = {"kind"};
    const struct yaml_tree *block, *kind;
    int index = 0;
    if (find_key(&block, root, "model", "block", err) != STATUS_OK)
        return err->status;
    kind = block;
    if (block->kind == YAML_MAP && find_key(&kind, block, "block", "kind", err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < block_kinds_n; i++)
        name[i] = block_kinds[i]->name;
    if (read_word(&index, kind, kind == block ? "block" : "block.kind", name, block_kinds_n, err) !=
        STATUS_OK)
        return err->status;
    out->block = block_kinds[index];
    for (int i = 0; i < out->block->n_keys; i++) {
        known[i + 1] = out->block->key[i].name;
        value[i] = out->block->key[i].fallback;
    }
    if (block->kind != YAML_MAP)
        return STATUS_OK;
    if (check_keys(block, "block", known, out->block->n_keys + 1, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < out->block->n_keys; i++)
        if (read_block_key(&value[i], block, "block", &out->block->key[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static enum status read_stage(struct stage_spec *out, const struct yaml_tree *map, const char *what,
                              const struct block_kind *kind, struct error *err)
{
    const char *known[BLOCK_MAX_KEYS + 3] = {"blocks", "width", "stride"};
    for (int i = 0; i < kind->n_keys; i++)
        known[i + 3] = kind->key[i].name;
    if (check_keys(map, what, known, kind->n_keys + 3, err) != STATUS_OK ||
        read_int(&out->blocks, map, what, "blocks", err) != STATUS_OK ||
        read_int(&out->width, map, what, "width", err) != STATUS_OK ||
        read_int(&out->stride, map, what, "stride", err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < kind->n_keys; i++) {
        const struct block_key *key = &kind->key[i];
        if (read_block_key(&out->value[i], map, what, key, err) != STATUS_OK)
            return err->status;
        if (out->value[i] == BLOCK_KEY_REQUIRED)
            return error_set(err, "%s:%d: %s: key \"%s\" is missing", map->file, map->line, what,
                             key->name);
    }
    return STATUS_OK;
}

static enum status read_stages(struct model_spec *out, const int value[BLOCK_MAX_KEYS],
                               const struct yaml_tree *root, struct error *err)
{
    const struct yaml_tree *list;
    char what[32];
    if (find_list(&list, root, "stages", MODEL_MAX_STAGES, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < list->n; i++) {
        struct stage_spec *stage = &out->stage[out->n_stages++];
        memcpy(stage->value, value, sizeof stage->value);
        snprintf(what, sizeof what, "stages[%d]", i);
        if (read_stage(stage, &list->child[i], what, out->block, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status read_head(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"width"};
    const struct yaml_tree *map = yaml_tree_find(root, "head");
    if (!map)
        return STATUS_OK;
    if (check_keys(map, "head", known, COUNT(known), err) != STATUS_OK)
        return err->status;
    return read_int(&out->head_width, map, "head", "width", err);
}

static enum status read_norm(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"kind", "groups", "epsilon", "momentum"};
    const struct yaml_tree *map, *kind;
    struct norm_spec *norm = &out->norm;
    int index = 0;
    norm->epsilon = MODEL_FILE_EPSILON;
    norm->momentum = MODEL_FILE_MOMENTUM;
    if (find_key(&map, root, "model", "norm", err) != STATUS_OK ||
        check_keys(map, "norm", known, COUNT(known), err) != STATUS_OK ||
        find_key(&kind, map, "norm", "kind", err) != STATUS_OK ||
        read_word(&index, kind, "norm.kind", model_file_norms, MODEL_FILE_NORMS, err) !=
            STATUS_OK ||
        read_number(&norm->epsilon, map, "norm", "epsilon", err) != STATUS_OK ||
        read_number(&norm->momentum, map, "norm", "momentum", err) != STATUS_OK)
        return err->status;
    norm->kind = (enum norm_kind)index;
    if (norm->kind == NORM_GROUP)
        return read_int(&norm->groups, map, "norm", "groups", err);
    if (yaml_tree_find(map, "groups"))
        return error_set(err, "%s:%d: norm.groups: only a norm of kind group has groups", map->file,
                         map->line);
    return STATUS_OK;
}

static enum status read_name(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    const struct yaml_tree *node = yaml_tree_find(root, "name");
    const char *slash = strrchr(root->file, '/');
    const char *name = slash ? slash + 1 : root->file;
    size_t length = strlen(name);

    if (node &&
        (node->kind != YAML_SCALAR || !*node->text || strlen(node->text) >= sizeof out->name))
        return error_set(err, "%s:%d: name: a text of 1 to %zu bytes was expected", node->file,
                         node->line, sizeof out->name - 1);
    if (node) {
        name = node->text;
        length = strlen(name);
    } else if (text_ends_in(name, ".yaml")) {
        length -= strlen(".yaml");
    }
    snprintf(out->name, sizeof out->name, "%.*s", (int)length, name);
    return STATUS_OK;
}

static enum status read_root(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {
        "name", "stem", "pool",       "block",   "stages",
        "head", "norm", "activation", "padding", "zero-init-residual"};
    int value[BLOCK_MAX_KEYS] = {0}, activation = 0, padding = 0, zero = 0;

    memset(out, 0, sizeof *out);
    if (check_keys(root, "model", known, COUNT(known), err) != STATUS_OK ||
        read_name(out, root, err) != STATUS_OK ||
        read_choice(&padding, root, "padding", model_file_paddings, MODEL_FILE_PADDINGS, err) !=
            STATUS_OK)
        return err->status;
    out->same_padding = padding == 1;
    if (read_stem(out, root, err) != STATUS_OK || read_pool(out, root, err) != STATUS_OK ||
        read_block(out, value, root, err) != STATUS_OK ||
        read_stages(out, value, root, err) != STATUS_OK || read_head(out, root, err) != STATUS_OK ||
        read_norm(out, root, err) != STATUS_OK ||
        read_choice(&activation, root, "activation", model_file_activations, MODEL_FILE_ACTIVATIONS,
                    err) != STATUS_OK ||
        read_choice(&zero, root, "zero-init-residual", model_file_flags, MODEL_FILE_FLAGS, err) !=
            STATUS_OK)
        return err->status;
    out->activation = activation == 0 ? KERNELS_RELU : KERNELS_RELU6;
    out->zero_init_residual = zero == 1;
    if (model_spec_check(out, err) != STATUS_OK)
        return error_prefix(err, "%s", root->file);
    return STATUS_OK;
}

enum status model_file_parse(struct model_spec *out, const char *text, size_t size,
                             const char *file, struct error *err)
{
    struct yaml_tree *root = NULL;
    enum status status = yaml_tree_parse(&root, text, size, file, err);

    if (status == STATUS_OK)
        status = read_root(out, root, err);
    yaml_tree_free(root);
    return status;
}

enum status model_file_read(struct model_spec *out, const char *path, struct error *err)
{
    struct yaml_tree *root = NULL;
    enum status status = yaml_tree_read(&root, path, err);

    if (status == STATUS_OK)
        status = read_root(out, root, err);
    yaml_tree_free(root);
    return status;
}
