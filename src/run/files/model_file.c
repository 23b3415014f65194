#include "run/files/model_file.h"

#include "base/suggest.h"
#include "io/yaml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* In the order of the enums in nn/model_spec.h. */
static const char *const norm_name[] = {"none", "batch", "group"};
static const char *const block_name[] = {"basic"};

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

static enum status read_int(int *out, const struct yaml_tree *map, const char *what,
                            const char *key, struct error *err)
{
    const struct yaml_tree *node;
    char name[64];
    long value;
    enum status status = find_key(&node, map, what, key, err);

    if (status != STATUS_OK)
        return status;
    snprintf(name, sizeof name, "%s.%s", what, key);
    /* Which numbers make sense together is model_spec_check's knowledge. */
    if ((status = yaml_tree_int(&value, node, name, 1, INT_MAX, err)) == STATUS_OK)
        *out = (int)value;
    return status;
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
    char choices[64] = "";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(choices);
        snprintf(choices + used, sizeof choices - used, "%s%s", i ? "|" : "", word[i]);
    }
    return error_set(err, "%s:%d: %s: \"%s\" is not one of %s", node->file, node->line, what, text,
                     choices);
}

static enum status read_flag(bool *out, const struct yaml_tree *map, const char *key,
                             struct error *err)
{
    static const char *const word[] = {"false", "true"};
    const struct yaml_tree *node = yaml_tree_find(map, key);
    int index = 0;
    enum status status = node ? read_word(&index, node, key, word, COUNT(word), err) : STATUS_OK;

    *out = index == 1;
    return status;
}

/* The list under key, of at most `most` members. */
static enum status find_list(const struct yaml_tree **out, const struct yaml_tree *root,
                             const char *key, int most, struct error *err)
{
    enum status status = find_key(out, root, "model", key, err);

    if (status != STATUS_OK)
        return status;
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
    enum status status = find_list(&list, root, "stem", MODEL_MAX_STEM, err);

    for (int i = 0; status == STATUS_OK && i < list->n; i++) {
        const struct yaml_tree *map = &list->child[i];
        struct conv_spec *conv = &out->stem[out->n_stem++];
        snprintf(what, sizeof what, "stem[%d]", i);
        if ((status = check_keys(map, what, known, COUNT(known), err)) != STATUS_OK ||
            (status = read_int(&conv->width, map, what, "width", err)) != STATUS_OK ||
            (status = read_int(&conv->kernel, map, what, "kernel", err)) != STATUS_OK)
            return status;
        status = read_int(&conv->stride, map, what, "stride", err);
    }
    return status;
}

static enum status read_pool(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"kernel", "stride"};
    const struct yaml_tree *map = yaml_tree_find(root, "pool");
    enum status status;

    if (!map)
        return STATUS_OK;
    if ((status = check_keys(map, "pool", known, COUNT(known), err)) != STATUS_OK ||
        (status = read_int(&out->pool_kernel, map, "pool", "kernel", err)) != STATUS_OK)
        return status;
    return read_int(&out->pool_stride, map, "pool", "stride", err);
}

static enum status read_stages(struct model_spec *out, const struct yaml_tree *root,
                               struct error *err)
{
    static const char *const known[] = {"blocks", "width", "stride"};
    const struct yaml_tree *list;
    char what[32];
    enum status status = find_list(&list, root, "stages", MODEL_MAX_STAGES, err);

    for (int i = 0; status == STATUS_OK && i < list->n; i++) {
        const struct yaml_tree *map = &list->child[i];
        struct stage_spec *stage = &out->stage[out->n_stages++];
        snprintf(what, sizeof what, "stages[%d]", i);
        if ((status = check_keys(map, what, known, COUNT(known), err)) != STATUS_OK ||
            (status = read_int(&stage->blocks, map, what, "blocks", err)) != STATUS_OK ||
            (status = read_int(&stage->width, map, what, "width", err)) != STATUS_OK)
            return status;
        status = read_int(&stage->stride, map, what, "stride", err);
    }
    return status;
}

static enum status read_norm(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {"kind", "groups"};
    const struct yaml_tree *map, *kind;
    int index = 0;
    enum status status = find_key(&map, root, "model", "norm", err);

    if (status != STATUS_OK ||
        (status = check_keys(map, "norm", known, COUNT(known), err)) != STATUS_OK ||
        (status = find_key(&kind, map, "norm", "kind", err)) != STATUS_OK ||
        (status = read_word(&index, kind, "norm.kind", norm_name, COUNT(norm_name), err)) !=
            STATUS_OK)
        return status;
    out->norm = (enum norm_kind)index;
    if (out->norm == NORM_GROUP)
        return read_int(&out->groups, map, "norm", "groups", err);
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
    } else if (length > 5 && strcmp(name + length - 5, ".yaml") == 0) {
        length -= 5;
    }
    snprintf(out->name, sizeof out->name, "%.*s", (int)length, name);
    return STATUS_OK;
}

static enum status read_root(struct model_spec *out, const struct yaml_tree *root,
                             struct error *err)
{
    static const char *const known[] = {
        "name", "stem", "pool", "block", "stages", "norm", "zero-init-residual"};
    const struct yaml_tree *block;
    int index = 0;
    enum status status;

    memset(out, 0, sizeof *out);
    if ((status = check_keys(root, "model", known, COUNT(known), err)) != STATUS_OK ||
        (status = read_name(out, root, err)) != STATUS_OK ||
        (status = read_stem(out, root, err)) != STATUS_OK ||
        (status = read_pool(out, root, err)) != STATUS_OK ||
        (status = find_key(&block, root, "model", "block", err)) != STATUS_OK ||
        (status = read_word(&index, block, "block", block_name, COUNT(block_name), err)) !=
            STATUS_OK ||
        (status = read_stages(out, root, err)) != STATUS_OK ||
        (status = read_norm(out, root, err)) != STATUS_OK ||
        (status = read_flag(&out->zero_init_residual, root, "zero-init-residual", err)) !=
            STATUS_OK)
        return status;
    out->block = (enum block_kind)index;
    status = model_spec_check(out, err);
    return status == STATUS_OK ? status : error_prefix(err, "%s", root->file);
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

enum status model_file_text(char **out, const struct model_spec *spec, struct error *err)
{
    size_t size = 0;
    FILE *stream = open_memstream(out, &size);

    if (!stream) {
        *out = NULL;
        return error_memory(err, 1024, "a model description");
    }
    fputs("name: ", stream);
    yaml_put_text(stream, spec->name);
    fputs("\nstem:\n", stream);
    for (int i = 0; i < spec->n_stem; i++)
        fprintf(stream, "  - {width: %d, kernel: %d, stride: %d}\n", spec->stem[i].width,
                spec->stem[i].kernel, spec->stem[i].stride);
    if (spec->pool_kernel)
        fprintf(stream, "pool: {kernel: %d, stride: %d}\n", spec->pool_kernel, spec->pool_stride);
    fprintf(stream, "block: %s\nstages:\n", block_name[spec->block]);
    for (int i = 0; i < spec->n_stages; i++)
        fprintf(stream, "  - {blocks: %d, width: %d, stride: %d}\n", spec->stage[i].blocks,
                spec->stage[i].width, spec->stage[i].stride);
    fprintf(stream, "norm: {kind: %s", norm_name[spec->norm]);
    if (spec->norm == NORM_GROUP)
        fprintf(stream, ", groups: %d", spec->groups);
    fputs("}\n", stream);
    if (spec->zero_init_residual)
        fputs("zero-init-residual: true\n", stream);
    if (fclose(stream) != 0) {
        free(*out);
        *out = NULL;
        return error_memory(err, size, "a model description");
    }
    return STATUS_OK;
}
