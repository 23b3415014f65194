/* Built from libyaml's events, not from its documents: those have aliases already followed. The
 * tree is made by recursion, which the depth limit bounds. */
#include "io/yaml.h"

#include "base/files.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A file of settings has some dozens of keys; the limit keeps the search for duplicates quick. */
enum { MAX_DEPTH = 16, MAX_KEYS = 4096, MAX_FILE_BYTES = 1 << 20 };

/* The root is allocated together with the file name that all its nodes point to. */
struct root {
    struct yaml_tree tree;
    char file[];
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the present one; a zeroed event holds nothing */
    const char *file;
    const char *text;
    struct error *err;
};

static int event_line(const struct reader *r)
{
    return (int)r->event.start_mark.line + 1;
}

static enum status refuse(const struct reader *r, const char *what)
{
    return error_set(r->err, "%s:%d: %s", r->file, event_line(r), what);
}

/* The line of an error in the encoding, for which libyaml gives an offset only. */
static int line_at_offset(const char *text, size_t offset)
{
    int line = 1;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static enum status syntax_error(const struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return error_set(r->err, "%s: out of memory while the YAML is read", r->file);
    int line = p->error == YAML_READER_ERROR ? line_at_offset(r->text, p->problem_offset)
                                             : (int)p->problem_mark.line + 1;
    return error_set(r->err, "%s:%d: not valid YAML: %s%s%s", r->file, line, p->problem,
                     p->context ? " " : "", p->context ? p->context : "");
}

static enum status next_event(struct reader *r)
{
    yaml_event_delete(&r->event);
    return yaml_parser_parse(&r->parser, &r->event) ? STATUS_OK : syntax_error(r);
}

/* What YAML can do and a file of settings does not need: each has surprised somebody. */
static enum status refuse_decorations(const struct reader *r)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (r->event.type) {
    case YAML_ALIAS_EVENT:
        return refuse(r, "aliases (*name) are not supported");
    case YAML_SCALAR_EVENT:
        anchor = r->event.data.scalar.anchor;
        tag = r->event.data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = r->event.data.sequence_start.anchor;
        tag = r->event.data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = r->event.data.mapping_start.anchor;
        tag = r->event.data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor)
        return refuse(r, "anchors (&name) are not supported");
    return tag ? refuse(r, "tags (!name) are not supported") : STATUS_OK;
}

static enum status copy_scalar(char **out, const struct reader *r)
{
    const char *value = (const char *)r->event.data.scalar.value;
    if (strlen(value) != r->event.data.scalar.length)
        return refuse(r, "text with a zero character");
    *out = memory_string(value, r->err);
    return *out ? STATUS_OK : r->err->status;
}

static enum status check_key(const struct reader *r, const struct yaml_tree *map)
{
    if (map->n == MAX_KEYS)
        return error_set(r->err, "%s:%d: more than %d keys", r->file, event_line(r), MAX_KEYS);
    if (refuse_decorations(r) != STATUS_OK)
        return r->err->status;
    if (r->event.type != YAML_SCALAR_EVENT)
        return refuse(r, "a list or map cannot be a key");
    const char *key = (const char *)r->event.data.scalar.value;
    for (int i = 0; i < map->n; i++)
        if (strcmp(map->key[i], key) == 0)
            return error_set(r->err, "%s:%d: key \"%s\" is already in line %d", r->file,
                             event_line(r), key, map->key_line[i]);
    return STATUS_OK;
}

static enum status read_node(struct yaml_tree *out, struct reader *r, int depth);

struct capacities {
    size_t child, key, key_line;
};

/* Room for one more child, and for a map for its key. */
static enum status grow(struct yaml_tree *parent, struct capacities *c, struct error *err)
{
    size_t needed = (size_t)parent->n + 1;
    struct yaml_tree *child =
        memory_grown(parent->child, &c->child, needed, sizeof *child, "YAML nodes", err);
    if (!child)
        return err->status;
    parent->child = child;
    if (parent->kind != YAML_MAP)
        return STATUS_OK;
    char **key = memory_grown(parent->key, &c->key, needed, sizeof *key, "YAML keys", err);
    if (!key)
        return err->status;
    parent->key = key;
    int *key_line =
        memory_grown(parent->key_line, &c->key_line, needed, sizeof *key_line, "YAML keys", err);
    if (!key_line)
        return err->status;
    parent->key_line = key_line;
    return STATUS_OK;
}

/* One more child: all zero, so that the tree can be freed at any time. */
static enum status add_slot(struct yaml_tree *parent, struct capacities *c, struct reader *r)
{
    if (grow(parent, c, r->err) != STATUS_OK)
        return r->err->status;
    parent->child[parent->n] = (struct yaml_tree){0};
    if (parent->kind == YAML_MAP) {
        parent->key[parent->n] = NULL;
        parent->key_line[parent->n] = event_line(r);
    }
    parent->n++;
    return STATUS_OK;
}

/* From the event after the list's start to its end. */
static enum status read_list(struct yaml_tree *list, struct reader *r, int depth)
{
    struct capacities capacities = {0};
    for (;;) {
        if (next_event(r) != STATUS_OK)
            return r->err->status;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return STATUS_OK;
        if (add_slot(list, &capacities, r) != STATUS_OK ||
            read_node(&list->child[list->n - 1], r, depth) != STATUS_OK)
            return r->err->status;
    }
}

static enum status read_map(struct yaml_tree *map, struct reader *r, int depth)
{
    struct capacities capacities = {0};
    for (;;) {
        if (next_event(r) != STATUS_OK)
            return r->err->status;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return STATUS_OK;
        if (check_key(r, map) != STATUS_OK || add_slot(map, &capacities, r) != STATUS_OK ||
            copy_scalar(&map->key[map->n - 1], r) != STATUS_OK || next_event(r) != STATUS_OK ||
            read_node(&map->child[map->n - 1], r, depth) != STATUS_OK)
            return r->err->status;
    }
}

/* The node that the present event begins; afterwards the present event is its last. */
static enum status read_node(struct yaml_tree *out, struct reader *r, int depth)
{
    out->file = r->file;
    out->line = event_line(r);
    if (refuse_decorations(r) != STATUS_OK)
        return r->err->status;
    if (depth > MAX_DEPTH && r->event.type != YAML_SCALAR_EVENT)
        return error_set(r->err, "%s:%d: nested deeper than %d levels", r->file, out->line,
                         MAX_DEPTH);
    switch (r->event.type) {
    case YAML_SEQUENCE_START_EVENT:
        out->kind = YAML_LIST;
        return read_list(out, r, depth + 1);
    case YAML_MAPPING_START_EVENT:
        out->kind = YAML_MAP;
        return read_map(out, r, depth + 1);
    default: /* the parser lets nothing else come here */
        out->kind = YAML_SCALAR;
        return copy_scalar(&out->text, r);
    }
}

/* The stream: at most one document. A file of nothing but comments is a map without keys. */
static enum status read_stream(struct yaml_tree *out, struct reader *r)
{
    if (next_event(r) != STATUS_OK || /* stream start */
        next_event(r) != STATUS_OK)
        return r->err->status;
    if (r->event.type == YAML_STREAM_END_EVENT) {
        *out = (struct yaml_tree){.kind = YAML_MAP, .line = 1, .file = r->file};
        return STATUS_OK;
    }
    if (next_event(r) != STATUS_OK || /* behind the document's start */
        read_node(out, r, 1) != STATUS_OK || next_event(r) != STATUS_OK || /* document end */
        next_event(r) != STATUS_OK)
        return r->err->status;
    if (r->event.type != YAML_STREAM_END_EVENT)
        return refuse(r, "a second document begins, but only one is expected");
    return STATUS_OK;
}

enum status yaml_tree_parse(struct yaml_tree **out, const char *text, size_t size, const char *file,
                            struct error *err)
{
    enum status status;
    size_t name_size = strlen(file) + 1;
    *out = NULL;
    struct root *root = memory_array(1, sizeof *root + name_size, "a YAML tree", err);
    if (!root)
        return err->status;
    memcpy(root->file, file, name_size);

    struct reader reader = {.file = root->file, .text = text, .err = err};
    if (!yaml_parser_initialize(&reader.parser)) {
        status = error_set(err, "%s: libyaml cannot be started: no memory", file);
    } else {
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
        status = read_stream(&root->tree, &reader);
        yaml_event_delete(&reader.event);
        yaml_parser_delete(&reader.parser);
    }
    if (status != STATUS_OK) {
        yaml_tree_free(&root->tree);
        return status;
    }
    *out = &root->tree;
    return STATUS_OK;
}

enum status yaml_tree_read(struct yaml_tree **out, const char *path, struct error *err)
{
    uint8_t *bytes;
    size_t size;
    *out = NULL;
    if (files_read(&bytes, &size, path, MAX_FILE_BYTES, err) != STATUS_OK)
        return err->status;
    enum status status = yaml_tree_parse(out, (const char *)bytes, size, path, err);
    free(bytes);
    return status;
}

static void free_below(struct yaml_tree *node)
{
    for (int i = 0; i < node->n; i++)
        free_below(&node->child[i]);
    for (int i = 0; node->key && i < node->n; i++)
        free(node->key[i]);
    free(node->child);
    free(node->key);
    free(node->key_line);
    free(node->text);
}

void yaml_tree_free(struct yaml_tree *root)
{
    if (!root)
        return;
    free_below(root);
    free(root); /* the first member of struct root */
}
